"""Answers of a far archive come in order and a few at once, in threads and in green threads alike."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import cast

import pytest

from mesh.archive.access import Archive, side_by_side

ROOT = Path(__file__).resolve().parents[3]


class Far:
    """An archive as far as `side_by_side` looks at it."""

    at_once = 4


FAR = cast(Archive, Far())


def test_answers_keep_the_order_and_their_number_at_once_is_bounded() -> None:
    running, most, lock = 0, 0, threading.Lock()
    meeting = threading.Barrier(Far.at_once)

    def ask(item: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait(timeout=30)
        with lock:
            running -= 1
        return item * 10

    assert list(side_by_side(FAR, ask, range(40))) == [item * 10 for item in range(40)]
    assert most == Far.at_once


def test_an_error_comes_at_its_item_and_ends_the_asking() -> None:
    asked = []

    def ask(item: int) -> int:
        asked.append(item)
        if item == 5:
            raise ValueError(item)
        return item

    answers = side_by_side(FAR, ask, range(1000))
    assert [next(answers) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="5"):
        next(answers)
    assert len(asked) < 5 + 4 * Far.at_once


@pytest.mark.parametrize("place", ["answers()", "tpool.execute(answers)"], ids=["green", "native"])
def test_services_with_green_threads_can_use_it(place: str) -> None:
    """In the green threads of a service, and in a native thread that one of them waits for."""
    program = f"""
import eventlet
eventlet.monkey_patch()
from eventlet import tpool
import time
from mesh.archive.access import side_by_side
class Far:
    at_once = 4
def ask(item):
    time.sleep(0.01)
    return item
def answers():
    return list(side_by_side(Far(), ask, range(50)))
with eventlet.Timeout(60):
    assert {place} == list(range(50))
print("done")
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=100)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
