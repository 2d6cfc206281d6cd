"""What operators are shown, one document for each thing."""

from typing import Any

from pydantic import BaseModel, Field

from mesh.broker.dead_letters import DeadLetter
from mesh.broker.topology import UNITS
from mesh.contracts import Allowance, Lane
from mesh.store.announcements import Worker
from mesh.store.stock import StageFigures


class Contents(BaseModel):
    """What there is."""

    links: dict[str, str]
    """Address of each document."""
    dashboards: dict[str, str]
    """Title of each dashboard and its address; empty where nobody said where they are."""


class LaneDocument(BaseModel):
    """One lane of an instrument."""

    instrument: str
    lane: Lane
    users: int = Field(description="users with units that wait in the backlog")
    waiting: int = Field(description="units in the backlog; those that several lanes want count in each")
    released: int = Field(description="units that were given to the broker and have not ended")
    running: int = Field(description="those of them that a worker has told to run")
    ready: int | None = Field(description="messages in the lane's queue; null: the broker has no such queue")
    consumers: int | None = Field(description="who takes them: 0 where units wait is the alarm LaneWithoutConsumer")


class QueueDocument(BaseModel):
    """One queue beside those of the lanes."""

    queue: str
    ready: int
    consumers: int


class QueuesDocument(BaseModel):
    """What waits where."""

    lanes: tuple[LaneDocument, ...]
    queues: tuple[QueueDocument, ...]


class WorkerDocument(BaseModel):
    """One worker."""

    name: str
    alive: bool
    slots: int
    runner: str
    image: str
    calibration: str
    silent_s: float = Field(description="since it was heard of; a living one says something every five seconds")
    withdrawn: bool = Field(description="takes no more units")

    @classmethod
    def of(cls, worker: Worker) -> "WorkerDocument":
        """Return the document of a worker."""
        told = worker._asdict() | {"silent_s": round(worker.silent_s, 1)}
        return cls(alive=worker.alive, **told)


class InstrumentWorkers(BaseModel):
    """The workers of an instrument."""

    instrument: str
    slots: int = Field(description="units at once of all living workers")
    running: int = Field(description="units that workers have told to run")
    fault: str | None = Field(default=None, description="why the instrument is left out")
    workers: tuple[WorkerDocument, ...]


class WorkersDocument(BaseModel):
    """Who works."""

    instruments: tuple[InstrumentWorkers, ...]


class LetterDocument(BaseModel):
    """One dead letter."""

    id: str
    queue: str
    died: str = Field(description="UTC; empty where the broker does not say")
    died_in: str = Field(description="queue in which it died")
    reason: str
    attempt: int
    message_id: str
    run_id: str
    what: str = Field(description="kind of message, and what it is about")
    can_be_sent_again: bool = Field(description="here; `odamesh dead retry` sends the others again")
    links: dict[str, str]
    """Addresses: self, to which a DELETE drops it, and send_again (POST)."""

    @classmethod
    def fields_of(cls, letter: DeadLetter, address: str) -> dict[str, Any]:
        """Return the fields of a letter whose own address is given."""
        return {
            **letter.facts,
            "what": f"{letter.delivery.schema} {letter.title}".strip(),
            "can_be_sent_again": letter.exchange == UNITS,
            "links": {"self": address, "send_again": f"{address}/send-again"},
        }


class WholeLetter(LetterDocument):
    """One dead letter with what is in it."""

    content: Any


class LettersDocument(BaseModel):
    """Dead letters, the oldest of each queue first."""

    counts: dict[str, int] = Field(description="letters in each queue that has any")
    letters: tuple[LetterDocument, ...]


class SentAgain(BaseModel):
    """A letter that the dispatcher was asked to send again."""

    id: str
    queue: str


class StageDocument(BaseModel):
    """Products of one stage."""

    instrument: str
    stage: str
    hits: int = Field(description="units whose product was there already")
    made: int = Field(description="units whose product had to be made")
    hit_rate: float | None
    products: int
    bytes: int
    evicted: int = Field(description="products that were removed")

    @classmethod
    def of(cls, stage: StageFigures) -> "StageDocument":
        """Return the document of a stage."""
        return cls(hit_rate=stage.hit_rate, **stage._asdict())


class CacheDocument(BaseModel):
    """What the store holds."""

    products: int
    bytes: int
    pinned: int = Field(description="products that are never removed")
    index_complete: bool = Field(description="false: it is being completed, and nothing is removed meanwhile")
    stages: tuple[StageDocument, ...]


class UserDocument(BaseModel):
    """One user."""

    user: str
    jobs: int = Field(description="that have not ended")
    units: int = Field(description="that have not ended")
    spent_s: float = Field(description="container seconds since midnight, UTC")
    allowed: Allowance


class UsersDocument(BaseModel):
    """Who uses the mesh: everybody who asked for something within a day, or has an entry of their own."""

    unplanned: int = Field(description="jobs of all users that are not planned yet")
    users: tuple[UserDocument, ...]
