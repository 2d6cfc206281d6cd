"""Whether ten thousand windows cost more than a hundred: time per unit, memory of the dispatcher, pages of the job.

The drill instrument runs its units with the fake runner here: what is measured is the mesh around them.
"""

import statistics
import threading
import time
from typing import Any

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait
from tests.bench.memory import peak_mb, reset_peak

_SMALL, _LARGE = 100, 10_000
# Enough of them for everything that a long-lived dispatcher remembers to be full.
_SMALL_JOBS = 20
_PAGES_EVERY_S = 0.2
_PAGE_ROWS = 200
_LIMIT_S = 900.0


def job_10000(client: httpx.Client, dispatcher_pid: int) -> dict[str, float]:
    """Return ms per unit and peak memory of the dispatcher for jobs of 100 and of 10 000 windows, and times of pages.

    Twenty jobs of 100 one after the other, one of 10 000, and twenty of 100 again; ``page_ms_p99`` is that of the
    job's record and of pages of its table while the 10 000 are worked on and afterwards.
    """
    wait(client, submit(client, drill_request(scw_ids(_SMALL), product="noop_windows")), limit_s=60)
    reset_peak(dispatcher_pid)
    small = [_job(client, _SMALL)[0] for _ in range(_SMALL_JOBS)]
    rss_small = peak_mb(dispatcher_pid)
    reset_peak(dispatcher_pid)
    pages: list[float] = []
    seconds, job = _job(client, _LARGE, pages)
    rss_large = peak_mb(dispatcher_pid)
    for offset in range(0, _LARGE, _PAGE_ROWS):
        pages += _look(client, job, offset)
    # Before and after: a machine that is slower for minutes must not pass for a dependence on the size.
    small += [_job(client, _SMALL)[0] for _ in range(_SMALL_JOBS)]
    return {
        "ms_per_unit_at_100": round(1000 * statistics.median(small) / _SMALL, 2),
        "ms_per_unit_at_10000": round(1000 * seconds / _LARGE, 2),
        "dispatcher_rss_mb_at_100": rss_small,
        "dispatcher_rss_mb_at_10000": rss_large,
        "page_ms_p99": round(statistics.quantiles(pages, n=100, method="inclusive")[98], 1),
    }


def _job(client: httpx.Client, windows: int, pages: list[float] | None = None) -> tuple[float, str]:
    """Return the time of a job of so many new units, and its id; *pages* takes the times of looks meanwhile."""
    begin = time.monotonic()
    job = submit(client, drill_request(scw_ids(windows), product="noop_windows"))
    if pages is None:
        view = wait(client, job, limit_s=_LIMIT_S)
    else:
        ended = threading.Event()
        looking = threading.Thread(target=_keep_looking, args=(client, job, pages, ended))
        looking.start()
        try:
            view = wait(client, job, limit_s=_LIMIT_S, pause_s=0.5)
        finally:
            ended.set()
            looking.join()
    elapsed = time.monotonic() - begin
    if view["counts"].get("done") != windows:
        msg = f"the drill job ended as {view['counts']}"
        raise RuntimeError(msg)
    return elapsed, job


def _keep_looking(client: httpx.Client, job: str, pages: list[float], ended: threading.Event) -> None:
    offset = 0
    while not ended.wait(_PAGES_EVERY_S):
        pages += _look(client, job, offset)
        offset = (offset + 10 * _PAGE_ROWS) % _LARGE


def _look(client: httpx.Client, job: str, offset: int) -> list[float]:
    """Return the times in ms of the job's record and of one page of its table."""
    times = []
    for path, params in ((f"/api/v1/jobs/{job}", None), (f"/api/v1/jobs/{job}/units", _page(offset))):
        begin = time.perf_counter()
        client.get(path, params=params).raise_for_status()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def _page(offset: int) -> dict[str, Any]:
    return {"offset": offset, "limit": _PAGE_ROWS}
