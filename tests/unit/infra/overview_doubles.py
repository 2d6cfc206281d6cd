"""A mesh in which all is well, as an operator's questions see it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.alarms.receivers import Receivers
from infra.overview.facts import Disk, Facts, Images
from infra.stack.mesh_processes import MeshState
from infra.stack.server import State
from mesh.alarms import Alarm
from mesh.broker.queue_counts import QueueCount
from mesh.contracts import Lane
from mesh.store.announcements import Worker
from mesh.store.lanes import LaneLoad

GIB = 1 << 30


def server(name: str = "redis", *, up: bool = True) -> State:
    return State(name, up, "127.0.0.1:6389", "this stack", "7.0")


def process(name: str = "isgri", *, up: bool = True, ready: bool = True, restarts: int = 0) -> MeshState:
    reason = "" if ready else "no container engine answers"
    return MeshState(name, up, ready, "http://127.0.0.1:9210", 1, restarts, reason, "warm")


def alarm(name: str = "DeadLetters", state: str = "raised") -> Alarm:
    since = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    return Alarm(
        alarm=name, severity="ticket", since=since, state=state, summary="it is", action="do it", runbook="", labels={}
    )


def counts(queues: Iterable[str], **ready: int) -> dict[str, QueueCount]:
    return {queue: QueueCount(ready.get(queue.replace(".", "_"), 0), 1) for queue in queues}


def good_facts() -> Facts:
    """Return the answers of a mesh with one instrument, where one run is at work."""
    return Facts(
        servers=lambda: [server("rabbitmq"), server("redis")],
        processes=lambda: [process("gateway"), process("isgri")],
        supervised=lambda: True,
        outdated=list,
        runner=lambda: "warm",
        images=lambda: Images({"isgri": "sha256:1"}, frozenset({"sha256:1", "sha256:0"})),
        instruments=lambda: ["isgri"],
        faults=dict,
        counts=counts,
        lanes=lambda _: [LaneLoad(Lane.USER, 1, 40, 4, 2)],
        workers=lambda _: [Worker("w", "sha256:1", "c", "warm", 2, 1.0, withdrawn=False)],
        oldest=lambda: {Lane.USER: 65.0, Lane.ALERT: 0.0},
        parked=dict,
        unplanned=list,
        index_complete=lambda: True,
        alarms=lambda: [alarm(state="held back")],
        receivers=lambda: Receivers.model_validate(
            {"page": ["http://127.0.0.1:1/p"], "ticket": ["http://127.0.0.1:1/t"]}
        ),
        unwatched=list,
        disks=lambda: [Disk(Path("/var/lib/odamesh"), 50 * GIB, 100 * GIB)],
        memory_share=lambda: 0.5,
        clock_ahead_s=lambda: 0.01,
        archive=lambda: "/archive",
        require_accounts=lambda: None,
        certificate_ends=lambda: datetime.now(UTC) + timedelta(days=60),
    )
