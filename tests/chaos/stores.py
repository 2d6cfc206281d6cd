"""Drills on Redis and on the object store."""

import os
import signal
import time

from mesh.states import UnitState
from tests.chaos.drill import Drill, Expected, Trial
from tests.chaos.ground import Ground

_WINDOWS = 8
_AWAY_S = 60.0
_AWAY_QUICK_S = 5.0


def flushed(ground: Ground) -> Trial:
    """FLUSHALL in the middle of a job: everything is found again from the store."""
    job = ground.submit(_WINDOWS, seconds=1)
    ground.until_running(job)
    begin = time.monotonic()
    index = ground.index()
    index.flushall()
    index.close()
    ground.until_ended(job)
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


def redis_killed(ground: Ground) -> Trial:
    """SIGKILL Redis in the middle of a job and start it on what it had written."""
    job = ground.submit(_WINDOWS, seconds=1)
    ground.until_running(job)
    ground.kill_server(ground.stack.redis.pid_file)
    ground.stack.redis.ensure()
    begin = time.monotonic()
    ground.until_ended(job)
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


def store_away(ground: Ground) -> Trial:
    """Stop the object store for a minute: units wait on the ladder and end well."""
    return _store_away(ground, _AWAY_S)


def store_away_briefly(ground: Ground) -> Trial:
    """Stop the object store for some seconds."""
    return _store_away(ground, _AWAY_QUICK_S)


def store_killed(ground: Ground) -> Trial:
    """SIGKILL the object store while products are written, and start it again."""
    job = ground.submit(4 * _WINDOWS)
    ground.until(lambda: job.refresh().counts.get(UnitState.DONE, 0) >= 2, "the first products")
    ground.kill_server(ground.stack.store.pid_file)
    ground.stack.store.ensure()
    begin = time.monotonic()
    ground.until_ended(job)
    return Trial((Expected(job, 4 * _WINDOWS + 1),), time.monotonic() - begin)


def store_hangs(ground: Ground) -> Trial:
    """Stop the object store from answering, without closing a connection, for some seconds."""
    job = ground.submit(_WINDOWS, seconds=1)
    ground.until_running(job)
    record = ground.stack.store.pid_file.read()
    assert record is not None, "the store is not one that this stack started"
    os.kill(record.pid, signal.SIGSTOP)
    try:
        time.sleep(_AWAY_QUICK_S)
    finally:
        os.kill(record.pid, signal.SIGCONT)
    begin = time.monotonic()
    ground.until_ended(job)
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


def _store_away(ground: Ground, seconds: float) -> Trial:
    job = ground.submit(_WINDOWS, seconds=1)
    ground.until_running(job)
    ground.stack.store.stop()
    try:
        time.sleep(seconds)
    finally:
        ground.stack.store.ensure()
    begin = time.monotonic()
    ground.until_ended(job)
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


DRILLS = (
    Drill("Redis flushed", flushed, quick=True),
    Drill("Redis killed", redis_killed),
    Drill("MinIO away for 60 s", store_away),
    Drill("MinIO away for 5 s", store_away_briefly, quick=True),
    Drill("MinIO killed while it writes", store_killed),
    Drill("MinIO hangs", store_hangs),
)
