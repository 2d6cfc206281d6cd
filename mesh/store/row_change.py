"""Changes of rows as the functions in Redis take them: JSON without nulls and empty lists."""

import json
from typing import Any

from mesh.contracts import Failure, UnitEvent, UnitRow
from mesh.contracts.document import Part
from mesh.states import UnitState


class RowChange(Part):
    """What an event, or planning, says about one row."""

    key: str
    stage: str
    label: str
    state: UnitState
    attempt: int = 1
    at: str = ""
    step: str | None = None
    seconds: float | None = None
    worker: str = ""
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    asking: int | None = None
    """The asking that is told of: what an earlier one tells of a failure counts no more. None: unknown."""
    run_id: str = ""
    """The run that had the unit released; others that wait for it share its work."""

    @classmethod
    def of(cls, event: UnitEvent) -> "RowChange":
        """Return what an event says."""
        return cls(
            key=event.unit_key,
            stage=event.stage,
            label=event.label,
            state=event.state,
            attempt=event.attempt,
            at=event.at,
            step=event.step,
            seconds=event.seconds,
            worker=event.worker,
            failure=event.failure,
            warnings=event.warnings,
            run_id=event.run_id,
            asking=event.asking or None,
        )

    def text(self) -> str:
        """Return the JSON that a function takes."""
        return _without_nothing(self, always={"key": self.key, "attempt": self.attempt, "at": self.at})


def row_text(row: UnitRow) -> str:
    """Return a row as its hash keeps it."""
    return _without_nothing(row, always={"key": row.key})


def _without_nothing(part: Part, always: dict[str, Any]) -> str:
    # Lua cannot tell an empty list from an empty object, nor a null from an absent field.
    fields = {name: value for name, value in part.model_dump(mode="json").items() if value not in (None, "", [], ())}
    return json.dumps(fields | always)
