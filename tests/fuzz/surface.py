"""Every address of the application as OpenAPI, also those that its own description leaves out."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from gateway.oda import endpoints as oda
from gateway.oda.arguments import PROTOCOL
from gateway.oda.instruments import known
from gateway.oda.metadata import names_of_parameters

_PLACE = re.compile(r"{([a-z_]+)(?::[a-z]+)?}")
_TEXT = {"type": "string"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def surface(app: FastAPI) -> dict[str, Any]:
    """Return the description of every address that the application has."""
    described: dict[str, Any] = app.openapi()
    paths = dict(described["paths"])
    for method, path in _routes(app.routes):
        plain = _PLACE.sub(r"{\1}", path)
        if method.lower() in paths.get(plain, {}):
            continue
        operation: dict[str, Any] = {
            "parameters": [_parameter(name, "path") for name in _PLACE.findall(path)],
            "responses": {"default": {"description": "anything"}},
        }
        if path in oda.addresses():
            names = _names_of_the_protocol()
            operation["parameters"] += [_parameter(name, "query") for name in names]
            if method == "POST":
                form = {"type": "object", "properties": dict.fromkeys(names, _TEXT)}
                content = {kind: {"schema": form} for kind in _FORMS}
                operation["requestBody"] = {"content": content}
        paths[plain] = {**paths.get(plain, {}), method.lower(): operation}
    return {**described, "paths": paths}


def _routes(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in sorted(route.methods or ()))
        elif not isinstance(route, Mount):
            # A router as the framework keeps it.
            yield from _routes(route.original_router.routes)  # type: ignore[attr-defined]


def _names_of_the_protocol() -> list[str]:
    parameters = (name for instrument in known() for name in names_of_parameters(instrument, ""))
    # A token that does not count would end most requests at the door.
    return [name for name in dict.fromkeys([*sorted(PROTOCOL), *parameters]) if name != "token"]


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": _TEXT}
