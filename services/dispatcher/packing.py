"""Messages of units: what is too large to travel with each of them is stored once, and named by its hash."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mesh.contracts import Document, InputList, PackedUnit, Unit, UnitInput, UnitParameters
from mesh.keys import canonical_json
from mesh.service import native
from mesh.store.parts import Parts
from mesh.store.row_change import RowChange

_LARGE_PARAMETERS = 4096
"""From so many characters on, parameters do not travel."""
_MANY_INPUTS = 32
"""Nor do so many inputs; one takes some 200 bytes."""


class Packing:
    """Makes the messages of the units of one stage.

    Args:
        parts: where large parts go.
        run: where to do what takes long without a pause.
        parameters: of all units.
        shared: inputs of all units, the last ones of each.
    """

    def __init__(
        self, parts: Parts, run: native.Run, parameters: Mapping[str, Any], shared: Sequence[UnitInput]
    ) -> None:
        self._parts = parts
        self._run = run
        self._parameters = dict(parameters)
        self._shared = tuple(shared)
        self._large = len(canonical_json(parameters)) >= _LARGE_PARAMETERS
        self._kept_parameters = ""
        self._kept_shared = ""

    def messages(self, units: Iterable[tuple[RowChange, Unit | None]]) -> Iterator[tuple[RowChange, bytes]]:
        """Yield each change with the message of its unit; an empty one where there is none.

        Raises:
            StoreUnavailable: a part cannot be stored.
        """
        for change, unit in units:
            yield change, b"" if unit is None else self._message(unit)

    def _message(self, unit: Unit) -> bytes:
        own = unit.inputs[: len(unit.inputs) - len(self._shared)]
        if not self._large and len(unit.inputs) < _MANY_INPUTS:
            return unit.encode()
        if not self._kept_parameters:
            self._kept_parameters = self._keep(UnitParameters(parameters=self._parameters))
        inputs, further = unit.inputs, ""
        if len(own) >= _MANY_INPUTS:
            inputs, further = (), self._keep(InputList(inputs=unit.inputs))
        elif len(unit.inputs) >= _MANY_INPUTS:
            self._kept_shared = self._kept_shared or self._keep(InputList(inputs=self._shared))
            inputs, further = own, self._kept_shared
        head = {name: getattr(unit, name) for name in PackedUnit.model_fields if name in Unit.model_fields}
        packed = head | {"parameters_part": self._kept_parameters, "inputs": inputs, "inputs_part": further}
        return PackedUnit(**packed).encode()

    def _keep(self, part: Document) -> str:
        return self._parts.keep(self._run(part.encode))
