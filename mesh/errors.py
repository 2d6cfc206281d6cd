"""Every error of the mesh, in one tree, so that a handler catches a branch and a reader sees the whole.

MeshError
├── InvalidRequest           the caller must change something; answered at once, names the field
│   ├── UnknownInstrument
│   ├── UnknownProduct
│   ├── UnknownParameter
│   ├── InvalidParameter     wrong type, unit or range
│   └── InvalidSelection     malformed list, T1 >= T2, cone that selects nothing
├── UnitFailure              how one unit ended; never stops the other units
│   ├── BadInput             exit 64: its data or parameters; not retried
│   ├── ScienceFailure       exit 1-63: the analysis gave nothing usable; not retried
│   ├── UnitTimeout          over its time limit; not retried
│   ├── OutOfMemory          killed at its memory limit; retried once
│   ├── UnitCancelled        killed because nobody waits for it any more
│   ├── KilledItsWorker      every worker that ran it died; not retried
│   └── TransientFailure     exit 75 or a part of the mesh out of reach; retried on the ladder
│       ├── StoreUnavailable
│       ├── HeldElsewhere    another worker runs the same unit; tried again without using up an attempt
│       ├── OtherImage       planned for an image that this worker does not run; the dispatcher plans it anew
│       ├── BrokerUnavailable
│       │   ├── Unroutable   no queue takes the message
│       │   └── QueueFull    the queue refuses more messages
│       ├── EngineUnavailable
│       ├── ArchiveUnavailable
│       ├── WatcherUnavailable
│       └── InstrumentUnavailable   its folder has a mistake
├── ContractViolation        a message or document that cannot be understood; goes to the dead letters
├── IdTaken                  the id of a job belongs to another request
└── NotFound                 no such job, unit, product or window
    ├── Deleted              a job that was there; its request still is
    └── EventsLost           events after a position in a stream that are not kept any more; the table still is
"""

from collections.abc import Sequence


class MeshError(Exception):
    """Root of everything that the mesh raises on purpose."""


class InvalidRequest(MeshError):
    """The caller's request cannot be planned.

    Args:
        text: what is wrong and what to do, for a person.
        field: dotted path of the offending field, e.g. ``parameters.bands``.
        allowed: the allowed values or range, in words, or None.
    """

    def __init__(self, text: str, *, field: str, allowed: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.field = field
        self.allowed = allowed


class UnknownInstrument(InvalidRequest):
    """No instrument of that name."""


class UnknownProduct(InvalidRequest):
    """The instrument does not make that product."""


class UnknownParameter(InvalidRequest):
    """The product has no parameter of that name."""


class InvalidParameter(InvalidRequest):
    """A parameter has the wrong type, unit or range."""


class InvalidSelection(InvalidRequest):
    """The selection of science windows is malformed or selects nothing."""


class UnitFailure(MeshError):
    """One unit ended without a product.

    Args:
        reason: one CamelCase word from the vocabulary that callers can match on, e.g. ``NoISGRIEvents``.
        text: what happened and what to do, for a person.
    """

    kind = "science"
    log_tail: str = ""
    """End of the unit's log, where there is one."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text


class BadInput(UnitFailure):
    """The data or parameters of this unit are unusable; trying again cannot help."""

    kind = "usage"


class ScienceFailure(UnitFailure):
    """The analysis ran and found nothing usable; trying again cannot help."""


class UnitTimeout(UnitFailure):
    """The unit ran longer than its limit."""

    kind = "timeout"


class OutOfMemory(UnitFailure):
    """The unit was killed at its memory limit."""

    kind = "out-of-memory"


class UnitCancelled(UnitFailure):
    """The unit was stopped because no job wants it any more."""

    kind = "cancelled"


class KilledItsWorker(UnitFailure):
    """One worker after another died while it ran the unit, the last ones with nothing else to do."""

    kind = "transient"


class TransientFailure(UnitFailure):
    """Something around the unit failed; the same unit may well succeed later."""

    kind = "transient"


class StoreUnavailable(TransientFailure):
    """MinIO or Redis did not answer."""


class HeldElsewhere(TransientFailure):
    """Another worker holds the lease of this unit; look again soon, its product may be there then."""


class OtherImage(TransientFailure):
    """The unit was planned for an image, or a calibration, that this worker does not run."""


class BrokerUnavailable(TransientFailure):
    """RabbitMQ did not answer or did not confirm.

    Args:
        reason: see `UnitFailure`.
        text: see `UnitFailure`.
        failed: ids of the messages that are not known to be stored.
    """

    def __init__(self, reason: str, text: str, *, failed: Sequence[str] = ()) -> None:
        super().__init__(reason, text)
        self.failed = tuple(failed)


class Unroutable(BrokerUnavailable):
    """RabbitMQ has no queue or exchange for the message."""


class QueueFull(BrokerUnavailable):
    """The queue has reached its length and refuses more: release less."""


class EngineUnavailable(TransientFailure):
    """The container engine did not answer."""


class ArchiveUnavailable(TransientFailure):
    """The archive of science windows did not answer."""


class WatcherUnavailable(TransientFailure):
    """Prometheus or Alertmanager did not answer."""


class InstrumentUnavailable(TransientFailure):
    """The folder of the instrument has a mistake, which its operator must mend."""


class ContractViolation(MeshError):
    """A message or stored document does not follow its schema."""


class IdTaken(MeshError):
    """A job of another request is stored under the id."""


class NotFound(MeshError):
    """What was asked for does not exist (any more)."""


class Deleted(NotFound):
    """A job that was deleted or has expired.

    Args:
        text: for a person.
        request_key: what it asked for.
    """

    def __init__(self, text: str, *, request_key: str) -> None:
        super().__init__(text)
        self.request_key = request_key


class EventsLost(NotFound):
    """Events after a position are not kept any more: who follows reads the whole table and goes on from the newest."""
