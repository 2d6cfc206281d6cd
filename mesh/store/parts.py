"""Parts of units: parameters and lists of inputs that are too large for each message, stored once under their hash."""

import hashlib
from collections import OrderedDict
from typing import TypeVar

from mesh.contracts import Document, InputList, PackedUnit, Unit, UnitParameters
from mesh.errors import NotFound, StoreUnavailable
from mesh.store import names
from mesh.store.objects import Objects

_JSON = "application/json"
_REMEMBERED_BYTES = 32 << 20
_OWN = frozenset({"parameters_part", "inputs", "inputs_part"})
_Part = TypeVar("_Part", UnitParameters, InputList)


class Parts:
    """Keeps and reads parts. Every method raises StoreUnavailable when MinIO is out of reach.

    They are never removed: a unit that waits for days must find them, and a run after a loss of Redis makes the same.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._read: OrderedDict[str, tuple[int, Document]] = OrderedDict()

    def keep(self, encoded: bytes) -> str:
        """Store an encoded document, and return the hash that units name it by."""
        digest = hashlib.sha256(encoded).hexdigest()
        self._objects.put(names.part_object(digest), encoded, _JSON)
        return digest

    def unpack(self, unit: Unit | PackedUnit) -> Unit:
        """Return the whole unit.

        Raises:
            StoreUnavailable: also where a part is not there.
            ContractViolation: a part is damaged.
        """
        if isinstance(unit, Unit):
            return unit
        shared = self._part(unit.parameters_part, UnitParameters)
        inputs = unit.inputs
        if unit.inputs_part:
            inputs += self._part(unit.inputs_part, InputList).inputs
        head = {name: getattr(unit, name) for name in PackedUnit.model_fields if name not in _OWN}
        return Unit(**head, parameters=shared.parameters, inputs=inputs)

    def _part(self, digest: str, kind: type[_Part]) -> _Part:
        known = self._read.get(digest)
        if known is not None and isinstance(known[1], kind):
            self._read.move_to_end(digest)
            return known[1]
        try:
            encoded = self._objects.get(names.part_object(digest))
        except NotFound as error:
            text = f"the store lacks part {digest} of this unit; it is there again once the run is planned anew"
            raise StoreUnavailable("PartMissing", text) from error
        part = kind.decode(encoded)
        self._read[digest] = len(encoded), part
        while len(self._read) > 1 and sum(size for size, _ in self._read.values()) > _REMEMBERED_BYTES:
            self._read.popitem(last=False)
        return part
