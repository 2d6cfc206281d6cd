"""The base of everything that travels or is stored: strict writers, tolerant readers, a schema name and version.

Old and new processes work side by side while a mesh is updated. Who makes a document may only use the fields that it
declares; who reads one leaves out the fields that it does not know. So a new field must be optional, and it enters a
content key only when it does not hold its default.
"""

import json
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from mesh.errors import ContractViolation


class Part(BaseModel):
    """A piece of a document; who makes one with a misspelt field learns it at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ALWAYS_IN_KEYS: ClassVar[frozenset[str]] = frozenset()
    """Optional fields that enter a content key even with their default, because they did from the start."""

    @classmethod
    def read(cls, content: Any) -> Self:
        """Return what another process wrote, without the fields that this version does not know.

        Raises:
            pydantic.ValidationError: a field that it knows is missing or wrong.
        """
        return cls.model_validate(content, extra="ignore")

    @classmethod
    def read_json(cls, text: str | bytes) -> Self:
        """Return what another process wrote as JSON; see `read`."""
        return cls.model_validate_json(text, extra="ignore")

    def key_content(self) -> dict[str, Any]:
        """Return what of this part makes a content key.

        A field that was added later enters only when it differs from its default: it changes no key that was there.
        """
        return {
            name: _keyed(value)
            for name, value in self
            if name in self.ALWAYS_IN_KEYS
            or type(self).model_fields[name].is_required()
            or value != type(self).model_fields[name].get_default(call_default_factory=True, validated_data={})
        }


class Document(Part):
    """A whole message or stored object; its JSON names its schema, e.g. ``odamesh.unit/1``."""

    SCHEMA: ClassVar[str]
    EARLIER: ClassVar[frozenset[str]] = frozenset()
    """Names of earlier versions of the schema that are still read; their documents lack optional fields only."""
    NULLS: ClassVar[bool] = True
    """Whether fields that hold nothing are written, as null; else they are left out."""

    def encode(self) -> bytes:
        """Return the JSON bytes with the schema name."""
        content = self.model_dump(mode="json", exclude_none=not self.NULLS)
        body: dict[str, Any] = {"schema": self.SCHEMA, **content}
        return _dump(body)

    @classmethod
    def decode(cls, body: bytes | str) -> Self:
        """Read JSON bytes, without the fields that this version does not know.

        Raises:
            ContractViolation: not JSON, another schema or version, or fields that do not validate.
        """
        content = _load(body)
        schema = content.pop("schema", None)
        if schema != cls.SCHEMA and schema not in cls.EARLIER:
            msg = f"expected a document of schema {cls.SCHEMA}, got {schema!r}"
            raise ContractViolation(msg)
        try:
            return cls.read(content)
        except ValidationError as error:
            msg = f"{cls.SCHEMA}: {error}"
            raise ContractViolation(msg) from error


def schema_of(body: bytes | str) -> str:
    """Return the name of the schema of a document.

    Raises:
        ContractViolation: not a JSON object.
    """
    return str(_load(body).get("schema"))


def _keyed(value: Any) -> Any:
    if isinstance(value, Part):
        return value.key_content()
    return [_keyed(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _load(body: bytes | str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = f"not JSON: {error}"
        raise ContractViolation(msg) from error
    if not isinstance(content, dict):
        msg = f"expected a JSON object, got {type(content).__name__}"
        raise ContractViolation(msg)
    return content
