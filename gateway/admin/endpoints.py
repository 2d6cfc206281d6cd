"""Documents of the mesh for operators: queues and lanes, workers, dead letters, cache, users, alarms."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, status

from gateway.admin.documents import (
    CacheDocument,
    Contents,
    InstrumentWorkers,
    LaneDocument,
    LetterDocument,
    LettersDocument,
    QueueDocument,
    QueuesDocument,
    SentAgain,
    StageDocument,
    UserDocument,
    UsersDocument,
    WholeLetter,
    WorkerDocument,
    WorkersDocument,
)
from gateway.admin.sources import Sources
from gateway.api.documents import PREFIX, root
from gateway.api.fronted import note
from gateway.calling import Calling, Traced
from gateway.parts import Given
from gateway.problem import Problem, Refusal
from mesh.alarms import Alarm
from mesh.broker.delivery import CARRIED_HEADERS
from mesh.broker.topology import AGAIN_KEY, UNITS, dead_queues, shared_queues, unit_queue
from mesh.contracts import SendAgain
from mesh.errors import NotFound
from mesh.instruments import instrument_faults, instrument_folders, instruments
from mesh.intake.caller import check_operator

_DOCUMENTS = ("queues", "workers", "dead-letters", "cache", "users", "alarms")
DASHBOARDS = {
    "The mesh at a glance": "glance",
    "A job's life": "life",
    "Queues and lanes": "lanes",
    "Instruments": "instruments",
    "Dispatcher": "dispatcher",
    "Store and cache": "store",
    "Doors": "doors",
    "Alerts of outside systems": "alerts",
    "Machines": "machine",
}

router = APIRouter(
    prefix=f"{PREFIX}/admin",
    tags=["operators"],
    responses={
        403: {"model": Problem, "description": "for operators alone"},
        503: {"model": Problem, "description": "a server that this is asked of does not answer"},
    },
)


def _sources(parts: Given, caller: Calling) -> Sources:
    check_operator(caller)
    if parts.admin is None:
        raise Refusal("not-found", "This gateway shows nothing to operators.")
    return parts.admin


Asked = Annotated[Sources, Depends(_sources)]
"""An endpoint's parameter of this type holds the sources; who is no operator gets 403."""
Queue = Annotated[str, Path(max_length=100, description="where the letter lies, e.g. dead.isgri")]
LetterId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("")
def contents(request: Request, asked: Asked) -> Contents:
    """List the documents, and the dashboards with more of each."""
    own = f"{root(request)}/admin"
    shown = {title: f"{asked.dashboards}/{name}.html" for title, name in DASHBOARDS.items()}
    return Contents(links={name: f"{own}/{name}" for name in _DOCUMENTS}, dashboards=shown if asked.dashboards else {})


@router.get("/queues")
def queues(asked: Asked) -> QueuesDocument:
    """Tell what waits in each lane of each instrument, and in every other queue."""
    lanes = {(name, load.lane): load for name in instruments() for load in asked.lanes(name)}
    own = {(name, lane): unit_queue(name, lane) for name, lane in lanes}
    counts = asked.counts([*own.values(), *shared_queues(), *dead_queues(instrument_folders())])
    return QueuesDocument(
        lanes=tuple(
            LaneDocument(
                instrument=name,
                **load._asdict(),
                ready=counts[own[name, lane]].ready if own[name, lane] in counts else None,
                consumers=counts[own[name, lane]].consumers if own[name, lane] in counts else None,
            )
            for (name, lane), load in lanes.items()
        ),
        queues=tuple(
            QueueDocument(queue=queue, **count._asdict())
            for queue, count in counts.items()
            if queue not in own.values()
        ),
    )


@router.get("/workers")
def workers(asked: Asked) -> WorkersDocument:
    """Tell who works on each instrument, in how many slots, and how many of them are taken."""
    found = []
    for name in instrument_folders():
        known = asked.workers(name)
        found.append(
            InstrumentWorkers(
                instrument=name,
                slots=sum(worker.slots for worker in known if worker.alive),
                running=sum(load.running for load in asked.lanes(name)),
                fault=instrument_faults().get(name),
                workers=tuple(map(WorkerDocument.of, known)),
            )
        )
    return WorkersDocument(instruments=tuple(found))


@router.get("/dead-letters")
def letters(
    *,
    request: Request,
    asked: Asked,
    queue: Annotated[str | None, Query(max_length=100, description="only of this one, e.g. dead.isgri")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="most letters of each queue")] = 100,
) -> LettersDocument:
    """List the messages that nobody could settle."""
    known = dead_queues(instrument_folders())
    with asked.letters() as post:
        counts = post.count([_known(queue)] if queue is not None else known)
        found = [letter for name in counts for _, letter in zip(range(limit), post.letters(name), strict=False)]
    return LettersDocument(
        counts={name: count for name, count in counts.items() if count},
        letters=tuple(
            LetterDocument(**LetterDocument.fields_of(one, _address(request, one.queue, one.id))) for one in found
        ),
    )


@router.get("/dead-letters/{queue}/{letter_id}", responses={404: {"model": Problem, "description": "it is gone"}})
def letter(queue: Queue, letter_id: LetterId, request: Request, asked: Asked) -> WholeLetter:
    """Show one letter with what is in it."""
    with asked.letters() as post:
        found = post.find(_known(queue), letter_id)
    fields = LetterDocument.fields_of(found, _address(request, queue, letter_id))
    return WholeLetter(**fields, content=found.content)


@router.post(
    "/dead-letters/{queue}/{letter_id}/send-again",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        404: {"model": Problem, "description": "it is gone"},
        409: {"model": Problem, "description": "it is no unit; `odamesh dead retry` sends the others again"},
    },
)
def send_again(
    *, queue: Queue, letter_id: LetterId, asked: Asked, parts: Given, caller: Calling, trace: Traced
) -> SentAgain:
    """Give a unit back to its lane, as a first attempt; its letter is gone from here within seconds."""
    with asked.letters() as post:
        found = post.find(_known(queue), letter_id)
    if found.exchange != UNITS:
        text = f"Letter {letter_id} is no unit: its operator sends it again with `odamesh dead retry {letter_id}`."
        raise Refusal("letter-stays", text)
    told = {"user": caller.name, "request_id": trace.request_id}
    headers = {CARRIED_HEADERS[name]: value for name, value in told.items() if value}
    wish = SendAgain(queue=queue, letter_id=letter_id)
    parts.publisher.publish(AGAIN_KEY, wish, message_id=f"again-{letter_id}", headers=headers)
    note(parts, caller, "send-letter-again", trace, about=letter_id, detail=f"{queue}: {found.title}")
    return SentAgain(id=letter_id, queue=queue)


@router.delete(
    "/dead-letters/{queue}/{letter_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={404: {"model": Problem, "description": "it is gone"}},
)
def drop(*, queue: Queue, letter_id: LetterId, asked: Asked, parts: Given, caller: Calling, trace: Traced) -> None:
    """Remove a letter for good."""
    with asked.letters() as post:
        found = post.find(_known(queue), letter_id)
        post.drop(found)
    note(parts, caller, "drop-letter", trace, about=letter_id, detail=f"{queue}: {found.title}")


@router.get("/cache")
def cache(asked: Asked) -> CacheDocument:
    """Tell what the store holds of each stage, and how often it was there already."""
    figures = asked.cache()
    return CacheDocument(
        products=sum(stage.products for stage in figures.stages),
        bytes=sum(stage.bytes for stage in figures.stages),
        pinned=figures.pinned,
        index_complete=figures.index_complete,
        stages=tuple(map(StageDocument.of, figures.stages)),
    )


@router.get("/users")
def users(asked: Asked) -> UsersDocument:
    """Tell what each user has waiting and has spent today, and how much of each is allowed."""
    found = asked.users()
    return UsersDocument(
        unplanned=max((one.load.unplanned for one in found), default=0),
        users=tuple(
            UserDocument(
                user=one.user,
                jobs=one.load.jobs,
                units=one.load.units,
                spent_s=round(one.load.spent_s, 1),
                allowed=one.allowed,
            )
            for one in found
        ),
    )


@router.get("/alarms")
def alarms(asked: Asked) -> list[Alarm]:
    """List the alarms, the urgent ones first, each with what to do; those that are held back too."""
    return list(asked.alarms())


def _known(queue: str) -> str:
    if queue not in dead_queues(instrument_folders()):
        raise NotFound(f"there are no dead letters in a queue {queue}")
    return queue


def _address(request: Request, queue: str, letter_id: str) -> str:
    return f"{root(request)}/admin/dead-letters/{queue}/{letter_id}"
