"""The base of everything that travels or is stored: strict, immutable, with its schema name and version."""

import json
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from mesh.errors import ContractViolation


class Part(BaseModel):
    """A piece of a document; unknown fields are refused so that a misspelt one is found at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(Part):
    """A whole message or stored object; its JSON names its schema, e.g. ``odamesh.unit/1``."""

    SCHEMA: ClassVar[str]

    def encode(self) -> bytes:
        """Return the JSON bytes with the schema name."""
        body: dict[str, Any] = {"schema": self.SCHEMA, **self.model_dump(mode="json")}
        return _dump(body)

    @classmethod
    def decode(cls, body: bytes | str) -> Self:
        """Read JSON bytes.

        Raises:
            ContractViolation: not JSON, another schema or version, or fields that do not validate.
        """
        content = _load(body)
        schema = content.pop("schema", None)
        if schema != cls.SCHEMA:
            msg = f"expected a document of schema {cls.SCHEMA}, got {schema!r}"
            raise ContractViolation(msg)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            msg = f"{cls.SCHEMA}: {error}"
            raise ContractViolation(msg) from error


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _load(body: bytes | str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        msg = f"not JSON: {error}"
        raise ContractViolation(msg) from error
    if not isinstance(content, dict):
        msg = f"expected a JSON object, got {type(content).__name__}"
        raise ContractViolation(msg)
    return content
