"""What a caller of the protocol sent: query and form, values as text, in the order in which they came."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

from gateway.oda.refusals import Misunderstood
from gateway.oda.uploads import arguments_of_file

_FORM, _FILES = "application/x-www-form-urlencoded", "multipart/form-data"
_MOST_FIELDS, _MOST_FILES = 1000, 4
_NULL = "\x00"
"""How the client writes None."""

_LISTED = "use_scws"
"""Whether a list of windows counts: it steers, and is part of what is wanted."""

PROTOCOL = frozenset(
    {
        "instrument", "query_status", "query_type", "product_type", "session_id", "job_id", "api", "oda_api_version",
        "off_line", "verbose", "dry_run", "run_asynch", "async_dispatcher", "allow_unknown_args", "client-name",
        "token", "return_progress", "use_resolver[local]", _LISTED, "catalog_selected_objects",
    }
)  # fmt: skip
"""Arguments that steer the protocol and are no parameters."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of one request.

    Args:
        values: by name all values; those that the client sends for None are left out.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Arguments":
        """Return the arguments among *pairs*."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            if value != _NULL:
                found[name] = (*found.get(name, ()), value)
        return cls(found)

    def text(self, name: str, default: str = "") -> str:
        """Return an argument; of several the last."""
        return self.values[name][-1] if name in self.values else default

    def number(self, name: str, default: float) -> float:
        """Return an argument as a number.

        Raises:
            Misunderstood: it is none.
        """
        text = self.text(name).strip()
        if not text:
            return default
        try:
            return float(text[:64])
        except ValueError:
            msg = f"parameter {name}: {text[:64]!r} is not a number"
            raise Misunderstood(msg) from None

    def parameters(self) -> dict[str, Any]:
        """Return what was sent as a caller finds it again in the answer: all parameters, and what names the product."""
        shown = {"instrument", "product_type", "query_type", "session_id", "catalog_selected_objects"}
        return {
            name: values[0] if len(values) == 1 else list(values)
            for name, values in self.values.items()
            if name not in PROTOCOL or name in shown
        }

    def kept(self) -> dict[str, Any]:
        """Return what was sent as it is kept with its job: all that `of_kept` needs to read the same wish again."""
        choice = {name: values[-1] for name, values in self.values.items() if name == _LISTED}
        return self.parameters() | choice

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any]) -> "Arguments":
        """Return the arguments that a job was asked for with."""
        return cls({name: tuple(value) if isinstance(value, list) else (value,) for name, value in kept.items()})

    def entries(self, name: str) -> list[str]:
        """Return an argument that is a list: repeated, as JSON, or separated by commas.

        Raises:
            Misunderstood: it begins like JSON and is not.
        """
        written: list[str] = []
        for text in self.values.get(name, ()):
            stripped = text.strip()
            if stripped.startswith("["):
                try:
                    content = json.loads(stripped)
                except (ValueError, RecursionError):
                    msg = f"parameter {name}: it begins like a JSON list, but is none"
                    raise Misunderstood(msg) from None
                written += [str(entry) for entry in content]
            else:
                written += stripped.split(",")
        return [entry.strip() for entry in written if entry.strip()]


async def arguments_of(request: Request) -> Arguments:
    """Return the arguments of a request: those of its address, and of its body where it is a form, files among them.

    Raises:
        Misunderstood: the body is of another kind, no text, has too many fields, or a file that cannot be read.
    """
    pairs = list(request.query_params.multi_items())
    sent = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if sent == _FILES:
        return Arguments.of(pairs + await _pairs_with_files(request))
    body = await request.body()
    if body:
        if sent not in {"", _FORM}:
            msg = f"the body was sent as {sent[:64]!r}: send it as {_FORM}, or as {_FILES} with files"
            raise Misunderstood(msg)
        try:
            text = body.decode("ascii")
            pairs += parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
        except ValueError as error:
            msg = f"the body cannot be read as {_FORM}: {str(error)[:200]}"
            raise Misunderstood(msg) from error
    return Arguments.of(pairs)


async def _pairs_with_files(request: Request) -> list[tuple[str, str]]:
    """Return what a form with files says; a file takes the place of the same given as a value."""
    # The length of the whole body has been limited before.
    limits = {"max_files": _MOST_FILES, "max_fields": _MOST_FIELDS, "max_part_size": 2**31}
    pairs: list[tuple[str, str]] = []
    of_files: list[tuple[str, str]] = []
    try:
        async with request.form(**limits) as form:
            for field, value in form.multi_items():
                if isinstance(value, str):
                    pairs.append((field, value))
                else:
                    content = await value.read()
                    of_files += await asyncio.to_thread(arguments_of_file, field, value.filename or "", content)
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise
        msg = f"the body cannot be read as {_FILES}: {str(error.detail)[:200]}"
        raise Misunderstood(msg) from error
    except (ValueError, LookupError) as error:
        msg = f"the body cannot be read as {_FILES}: its names or texts are in no known encoding"
        raise Misunderstood(msg) from error
    chosen = dict(pairs).get(_LISTED, "")
    if chosen in {"no", "form_list"}:
        of_files = [pair for pair in of_files if pair[0] != "scw_list"]
    replaced = {name for name, _ in of_files}
    if "selected_catalog" in replaced:
        # What a form has ticked belongs to the catalogue that it shows.
        replaced.add("catalog_selected_objects")
    return [pair for pair in pairs if pair[0] not in replaced] + of_files
