"""Avro object containers with one record; what could unpack to more than it weighs is refused before it is read."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro

from mesh.alerts.errors import Malformed, NotUsable

MAGIC = b"Obj\x01"
_DEEPEST = 32


def read_avro(body: bytes) -> Mapping[str, Any]:
    """Return the record of a container.

    Raises:
        Malformed: it is no Avro, or packed in a way that is not read.
        NotUsable: it holds no record, or several.
    """
    try:
        reader = fastavro.reader(BytesIO(body))
        if reader.codec != "null":
            raise Malformed(f"the Avro container is packed with {reader.codec}: send it unpacked (codec null)")
        _check(reader.writer_schema, 0)
        records = []
        for record in reader:
            records.append(record)
            if len(records) > 1:
                raise NotUsable("the Avro container holds several records: send each notice alone")
    except (Malformed, NotUsable):
        raise
    except Exception as error:  # a decoder that runs over damaged bytes raises whatever the bytes lead it to
        raise Malformed(f"not Avro that can be read: {type(error).__name__}") from None
    if not records or not isinstance(records[0], Mapping):
        raise NotUsable("the Avro container holds no record")
    return records[0]


def _check(schema: Any, depth: int) -> None:
    """Refuse lists of what takes no bytes: a few bytes could tell of thousands of millions of them."""
    if depth > _DEEPEST:
        raise Malformed("the schema of the Avro container is nested too deeply")
    if isinstance(schema, list):
        for one in schema:
            _check(one, depth + 1)
    elif isinstance(schema, Mapping):
        if "items" in schema and _weightless(schema["items"]):
            raise Malformed("the Avro container has a list of what takes no bytes")
        _check(schema.get("items"), depth + 1)
        _check(schema.get("values"), depth + 1)
        for part in schema.get("fields", ()):
            _check(part.get("type"), depth + 1)
        if isinstance(schema.get("type"), (Mapping, list)):
            _check(schema["type"], depth + 1)


def _weightless(schema: Any) -> bool:
    """Say whether a value of a schema may take no bytes; one that is named elsewhere is taken for such a one."""
    if isinstance(schema, str):
        return schema not in {"boolean", "int", "long", "float", "double", "bytes", "string"}
    if isinstance(schema, list):
        return not schema
    if not isinstance(schema, Mapping):
        return True
    match schema.get("type"):
        case "record":
            return all(_weightless(part.get("type")) for part in schema.get("fields", ()))
        case "fixed":
            return not schema.get("size")
        case "array" | "map" | "enum":
            return False
        case other:
            return _weightless(other)
