"""Causes alarms: `python -m tests.alarms [--only NAME,...]`; prints a table, keeps alarms-output/alarms.json.

Exit status 1 if one did not reach its receiver in time, or its end did not.
"""

import argparse
import json
import signal
import sys

from infra.stack.stack import Stack
from tests.alarms import jobs, messages, objectives, outcome, processes, room, servers, transports, watched
from tests.alarms.cause import Cause
from tests.alarms.course import Course
from tests.alarms.outcome import Outcome
from tests.alarms.receiver import Receiver, receiving
from tests.chaos.drill import Setting
from tests.chaos.settings import ground_in

CAUSES: tuple[Cause, ...] = (
    # What takes the whole mesh comes one by one; then the longest first, so that the others go on beside them.
    *servers.CAUSES,
    *processes.WHOLE_MESH,
    room.LIMIT,
    # Over before the limit is lifted: the cache service, started again, would wait for its account.
    servers.INDEX,
    servers.REFUSED,
    *transports.CAUSES,
    *room.CAUSES,
    *jobs.CAUSES,
    processes.STREAMS,
    *watched.CAUSES,
    messages.UNREADABLE,
    # The supervisor and the slots of the drill instrument go from one to the next.
    messages.WITHOUT_SERVICE,
    objectives.USERS,
    *processes.CAUSES,
    objectives.ALERTS,
    messages.EVENTS,
)


def main() -> int:
    """Cause what the command line asks for."""
    parser = argparse.ArgumentParser(description="Cause alarms on the mesh of the stack that the environment names.")
    parser.add_argument("--only", default="", help="only these alarms, separated by commas")
    only = {name for name in parser.parse_args().only.split(",") if name}
    causes = [one for one in CAUSES if not only or only & {raised.alarm for raised in one.raises}]
    if unknown := only - {raised.alarm for one in causes for raised in one.raises}:
        parser.error(f"no cause raises {', '.join(sorted(unknown))}")
    # Also where it runs in the background: whoever ends it finds nothing broken.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    outcomes: list[Outcome] = []

    def note(one: Outcome) -> None:
        outcomes.append(one)
        outcome.show_one(one)
        outcome.keep(outcomes)

    with receiving() as receiver, ground_in(Setting.PLAIN) as ground:
        _send_to(receiver, ground.stack)
        Course(receiver, ground, note).run(causes)
    outcome.show_all(outcomes)
    return 0 if all(one.good for one in outcomes) else 1


def _send_to(receiver: Receiver, stack: Stack) -> None:
    """Have all alarms of the stack sent to the receiver."""
    addresses = json.dumps([receiver.url])
    stack.setting.layout.alarms.write_text(f"page = {addresses}\nticket = {addresses}\n", encoding="utf-8")
    stack.alertmanager.ensure()


if __name__ == "__main__":
    sys.exit(main())
