"""Writes the types of the interface that the web page uses, as TypeScript, from the gateway's own description of it."""

import re
from pathlib import Path
from typing import Any

from gateway.application import create_app
from gateway.parts import Parts

TYPES = Path(__file__).parents[1] / "gateway" / "web" / "source" / "api" / "types.ts"

_USED = (
    *("JobDocument", "JobList", "UnitTable", "ProductList", "InstrumentDocument", "RequestDocument"),
    *("SessionDocument", "Submission", "Usage", "Problem", "SelectionDocument", "ArchiveDocument", "NameDocument"),
    *("TimeDocument", "EventList", "EventDocument", "Quarantined", "TransientList", "TransientDocument"),
    *("Contents", "QueuesDocument", "WorkersDocument", "LettersDocument", "CacheDocument", "UsersDocument", "Alarm"),
)
_HEAD = "// Written by `make schema` from the gateway's description of its interface: do not edit.\n"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def page_types() -> str:
    """Return the module: one interface for each document that the page reads or sends, and for its parts."""
    nobody: Any = None
    app = create_app(Parts(records=nobody, products=nobody, publisher=nobody, quota=nobody, query_records=nobody))
    schemas = app.openapi()["components"]["schemas"]
    written: dict[str, str] = {}
    waiting = list(_USED)
    while waiting:
        name = waiting.pop()
        if name in written:
            continue
        written[name] = _declaration(name, schemas[name])
        waiting += re.findall(r"#/components/schemas/(\w+)", repr(schemas[name]))
    return _HEAD + "".join(f"\n{written[name]}" for name in sorted(written))


def _declaration(name: str, schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    lines = [f"export interface {name} {{"]
    for field, entry in schema["properties"].items():
        # What a document of the gateway has a default for is always in its answers; of what is sent it may be left out.
        optional = "?" if name == "Submission" and field not in required else ""
        lines.append(f"  {field}{optional}: {_type(entry)};")
    return "\n".join([*lines, "}", ""])


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(f'"{word}"' for word in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    match schema.get("type"):
        case "string":
            return "string"
        case "integer" | "number":
            return "number"
        case "boolean":
            return "boolean"
        case "null":
            return "null"
        case "array":
            return _list(schema)
        case "object":
            return _record(schema)
        case _:
            return "unknown"


def _list(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
    of = _type(schema.get("items", {}))
    return f"{of}[]" if _NAME.fullmatch(of) else f"({of})[]"


def _record(schema: dict[str, Any]) -> str:
    values = schema.get("additionalProperties", {})
    key = _type(schema["propertyNames"]) if "propertyNames" in schema else "string"
    of = _type(values) if isinstance(values, dict) else "unknown"
    return f"Record<string, {of}>" if key == "string" else f"Partial<Record<{key}, {of}>>"


if __name__ == "__main__":
    TYPES.write_text(page_types(), encoding="utf-8")
