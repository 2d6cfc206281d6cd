"""The checks of `odamesh doctor`: what is wrong with the mesh, and what to do about it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from infra.overview.facts import Facts
from infra.stack.problem import SetupProblem
from mesh.broker.topology import dead_queues, shared_queues, unit_queue
from mesh.contracts import Lane
from mesh.errors import MeshError

_RESTARTS = 5
_DISK_SHARE, _MEMORY_SHARE = 0.1, 0.05
_CLOCK_S = 2.0
_CERTIFICATE = timedelta(days=14)
_IN_CONTAINERS = ("warm", "docker")
_SHOWN = 3


class Verdict(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WORTH_A_LOOK = "worth a look"
    WRONG = "wrong"
    UNKNOWN = "not known"
    """It could not be checked."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    what: str = ""
    do: str = ""


_Found = Iterator[tuple[Verdict, str, str]]
Check = Callable[[Facts], _Found]
"""Yields what is wrong, and what to do; nothing where all is well."""


def examine(facts: Facts) -> list[Finding]:
    """Make every check; one that cannot be made says why, and keeps no other from being made."""
    found: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            own = [Finding(name, verdict, what, do) for verdict, what, do in check(facts)]
        except (MeshError, SetupProblem, OSError, ValueError) as error:
            own = [Finding(name, Verdict.UNKNOWN, str(error), "mend what the lines above name, then run this again")]
        found += own or [Finding(name, Verdict.GOOD)]
    return found


def _servers(facts: Facts) -> _Found:
    for server in facts.servers():
        if not server.up:
            do = "`odamesh stack up` starts it; its log is in log/ of the state directory"
            yield Verdict.WRONG, f"{server.name} does not answer at {server.address}", do


def _processes(facts: Facts) -> _Found:
    if not facts.supervised():
        yield (
            Verdict.WRONG,
            "no supervisor runs: a process that ends is not started again",
            "`odamesh mesh up` starts it",
        )
    for process in facts.processes():
        log = f"log/{process.name}.log"
        if not process.up:
            yield Verdict.WRONG, f"{process.name} does not run", f"`odamesh mesh up`; if it ends again: {log}"
        elif not process.ready:
            yield Verdict.WRONG, f"{process.name} is not ready: {process.reason}", f"mend what it names; else see {log}"
        if process.restarts >= _RESTARTS:
            what = f"{process.name} was started again {process.restarts} times"
            yield Verdict.WORTH_A_LOOK, what, f"{log} says why it ended"


def _code(facts: Facts) -> _Found:
    if outdated := facts.outdated():
        what = f"{_some(outdated)} run with code, images or accounts from before a change"
        yield Verdict.WORTH_A_LOOK, what, "`odamesh mesh up` starts them again; jobs go on"


def _instruments(facts: Facts) -> _Found:
    for name, fault in facts.faults().items():
        yield Verdict.WRONG, f"{name} is left out: {fault}", f"mend its folder: `odamesh instrument check {name}`"


def _confinement(facts: Facts) -> _Found:
    if facts.runner() not in _IN_CONTAINERS:
        do = "start an engine, unset ODAMESH_RUNNER, `odamesh stack up`, `odamesh mesh up`"
        yield Verdict.WORTH_A_LOOK, "units run as processes of this machine, not confined", do


def _images(facts: Facts) -> _Found:
    if facts.runner() not in _IN_CONTAINERS:
        return
    images = facts.images()
    built = {name for name, image in images.wanted.items() if image in images.there}
    if missing := [name for name in facts.instruments() if name not in built]:
        yield Verdict.WRONG, f"no image of {_some(missing)}", "`odamesh stack images`, then `odamesh mesh up`"


def _topology(facts: Facts) -> _Found:
    names = facts.instruments()
    wanted = [unit_queue(name, lane) for name in names for lane in Lane] + shared_queues() + dead_queues(names)
    if missing := [queue for queue in wanted if queue not in facts.counts(wanted)]:
        yield Verdict.WRONG, f"the broker has no queue {_some(missing)}", "`odamesh stack up` makes them"


def _readers(facts: Facts) -> _Found:
    for name in facts.instruments():
        queues = [unit_queue(name, lane) for lane in Lane]
        counts = facts.counts(queues)
        waiting = sum(load.waiting + load.released for load in facts.lanes(name))
        unread = [queue for queue in queues if queue in counts and not counts[queue].consumers]
        if waiting and unread:
            what = f"{waiting} units of {name} wait, and nobody takes them from {_some(unread)}"
            yield Verdict.WRONG, what, f"is {name} ready? `odamesh mesh status`"


def _dead_letters(facts: Facts) -> _Found:
    counts = facts.counts(dead_queues(facts.instruments()))
    if lying := {queue: count.ready for queue, count in counts.items() if count.ready}:
        what = ", ".join(f"{number} in {queue}" for queue, number in lying.items())
        yield Verdict.WORTH_A_LOOK, f"dead letters: {what}", "`odamesh dead list`"


def _runs(facts: Facts) -> _Found:
    for run_id, reason in facts.parked().items():
        do = f"find the cause in log/dispatcher.log, then `odamesh runs resume {run_id}`"
        yield Verdict.WRONG, f"run {run_id} is parked: {reason}", do
    if jobs := facts.unplanned():
        what = f"no run serves {len(jobs)} jobs: {_some(jobs)}"
        yield Verdict.WRONG, what, "is the dispatcher ready? its log names a job that it cannot plan"


def _index(facts: Facts) -> _Found:
    if not facts.index_complete():
        what = "the index does not know every product: some may be made again, and nothing is removed"
        yield Verdict.WORTH_A_LOOK, what, "the cache service completes it within minutes; else see log/cache.log"


def _archive(facts: Facts) -> _Found:
    try:
        facts.archive()
    except (MeshError, ValueError, OSError) as error:
        do = "set ODAMESH_ARCHIVE, or make the index: `odamesh archive index DIR`"
        yield Verdict.WRONG, f"the archive cannot be read: {error}", do


def _disks(facts: Facts) -> _Found:
    for disk in facts.disks():
        if disk.free < _DISK_SHARE * disk.total:
            what = f"{100 * disk.free / disk.total:.0f} % of the disk of {disk.path} are free"
            yield Verdict.WRONG, what, "make room: `odamesh cache evict --to GIB`, old logs, other programs' files"


def _memory(facts: Facts) -> _Found:
    if (share := facts.memory_share()) < _MEMORY_SHARE:
        what = f"{100 * share:.0f} % of the memory are available"
        yield Verdict.WORTH_A_LOOK, what, "end what else runs here, or give the services fewer slots (ODAMESH_SLOTS)"


def _clock(facts: Facts) -> _Found:
    if abs(ahead := facts.clock_ahead_s()) > _CLOCK_S:
        what = f"this machine's clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} that of Redis"
        yield Verdict.WRONG, what, "run a time service on both machines"


def _accounts(facts: Facts) -> _Found:
    try:
        facts.require_accounts()
    except SetupProblem as problem:
        yield Verdict.WRONG, str(problem), "docs/accounts.md says how"


def _certificate(facts: Facts) -> _Found:
    ends = facts.certificate_ends()
    if ends is not None and ends - datetime.now(UTC) < _CERTIFICATE:
        what = f"the certificate of the edge ends on {ends:%Y-%m-%d %H:%M} UTC"
        yield Verdict.WRONG, what, "renew it, then have nginx read it: `nginx -c ... -s reload`"


def _watching(facts: Facts) -> _Found:
    if unwatched := facts.unwatched():
        what = f"Prometheus gets no figures of {_some(unwatched)}"
        yield Verdict.WORTH_A_LOOK, what, "mend what is down; after a change of addresses: `odamesh stack up`"


def _receivers(facts: Facts) -> _Found:
    receivers = facts.receivers()
    for severity, addresses in (("page", receivers.page), ("ticket", receivers.ticket)):
        if not addresses:
            do = f"name who is told in alarms.toml (`{severity} = [...]`), then `odamesh stack up`"
            yield Verdict.WORTH_A_LOOK, f"alarms of severity {severity} go to nobody", do


def _alarms(facts: Facts) -> _Found:
    for alarm in facts.alarms():
        if alarm.state == "raised":
            do = f"{alarm.action} (`odamesh alarms explain {alarm.alarm}`)"
            yield Verdict.WRONG, f"{alarm.alarm}: {alarm.summary}", do


CHECKS: dict[str, Check] = {
    "servers": _servers,
    "processes": _processes,
    "code": _code,
    "instruments": _instruments,
    "confinement": _confinement,
    "images": _images,
    "topology": _topology,
    "readers": _readers,
    "dead letters": _dead_letters,
    "runs": _runs,
    "index": _index,
    "archive": _archive,
    "disks": _disks,
    "memory": _memory,
    "clock": _clock,
    "accounts": _accounts,
    "certificate": _certificate,
    "watching": _watching,
    "receivers": _receivers,
    "alarms": _alarms,
}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
