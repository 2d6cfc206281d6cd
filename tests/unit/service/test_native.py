"""Native threads of a green process: the green threads live on meanwhile, and both may log."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]

_SERVICE = """
from mesh.service import green
import json, sys, time
import eventlet
import structlog
from mesh.service import native
from mesh.logging import configure_logging

configure_logging("info", "drill")
log = structlog.get_logger()
run = getattr(native, sys.argv[1])
ticks = 0

def tick():
    global ticks
    while True:
        eventlet.sleep(0.01)
        log.info("tick")
        ticks += 1

def compute(seconds):
    before, until = ticks, time.monotonic() + seconds
    while time.monotonic() < until:
        log.info("computing")
    return ticks - before

eventlet.spawn(tick)
eventlet.sleep(0.05)
pool = eventlet.GreenPool(8)
print(json.dumps({"ticks": list(pool.imap(lambda _: run(compute, 0.5), range(8)))}))
"""


def _ticks(where: str) -> list[int]:
    command = [sys.executable, "-c", _SERVICE, where]
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    ticks: list[int] = json.loads(ended.stdout.splitlines()[-1])["ticks"]
    return ticks


def test_green_threads_live_on_while_native_ones_compute() -> None:
    assert min(_ticks("in_native_thread")) > 0
    assert max(_ticks("directly")) == 0, "else this test could not fail"
