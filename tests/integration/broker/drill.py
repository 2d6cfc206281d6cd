"""A small service for the drills, run as a process: journals when its handler starts and ends, and fails on request.

Arguments: queue, journal, seconds between heartbeats, and for the retry ladder the prefix of its exchanges.
"""

# isort: off
from mesh.service.run import run

# isort: on
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import mesh.broker.link
import mesh.broker.retry
from mesh.broker.broadcast import listen
from mesh.broker.consumer import Retry, consume
from mesh.broker.delivery import Delivery
from mesh.errors import ArchiveUnavailable, BadInput, ContractViolation, HeldElsewhere, OutOfMemory

QUEUE, JOURNAL = sys.argv[1], Path(sys.argv[2])
PREFIX = sys.argv[4] if len(sys.argv) > 4 else ""

FAILURES: dict[str, Callable[[], Exception]] = {
    "transient": lambda: ArchiveUnavailable("ArchiveUnavailable", "drill"),
    "held": lambda: HeldElsewhere("HeldElsewhere", "drill"),
    "memory": lambda: OutOfMemory("OutOfMemory", "drill"),
    "usage": lambda: BadInput("NoScWData", "drill"),
    "undecodable": lambda: ContractViolation("drill"),
    "defect": lambda: ZeroDivisionError("drill"),
}


def journal(word: str, delivery: Delivery) -> None:
    with JOURNAL.open("a") as file:
        file.write(f"{word} {delivery.message_id} {delivery.attempt}\n")


class Drill:
    """Does what the message says."""

    name = "drill"

    @consume(QUEUE, prefetch=10, retry=Retry.LADDER if PREFIX else Retry.HOLD)
    def handle(self, delivery: Delivery) -> None:
        """Do it."""
        wish = json.loads(delivery.body)
        journal("start", delivery)
        time.sleep(wish.get("seconds", 0))
        if "block" in wish:
            _block(wish["block"])
        starts = JOURNAL.read_text().count(f"start {delivery.message_id} ")
        if starts <= wish.get("failures", 0):
            raise FAILURES[wish["failure"]]()
        journal("end", delivery)

    @listen(f"cancel.{QUEUE}.#")
    def hear(self, delivery: Delivery) -> None:
        """Take note of a broadcast."""
        journal("heard", delivery)


def _block(seconds: float) -> None:
    """Stop the whole process, as a call that does not yield would."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


mesh.broker.link.HEARTBEAT_SECONDS = int(sys.argv[3])
if PREFIX:
    patch.object(mesh.broker.retry, "retry_exchange", lambda delay: f"{PREFIX}.{delay}").start()

run(Drill, "admin", 0)
