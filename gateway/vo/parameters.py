"""The parameters of a request as DALI has them: from address and form together, their names in any case."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from mesh.errors import InvalidParameter

_MOST_FIELDS = 1000
_MOST_FILES = 20
_NAME_LENGTH = 64
_FORMS = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
_FILE = "param:"


@dataclass(frozen=True)
class Parameters:
    """What a caller sent.

    Args:
        values: by name in lower case all values, in the order in which they came; files are among them as text.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """Return the parameters among *pairs*."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            lower = name.lower()
            found[lower] = (*found.get(lower, ()), value)
        return cls(found)

    def __contains__(self, name: str) -> bool:
        """Say whether a parameter was sent."""
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter without blanks around it; of several the last."""
        return self.values[name][-1].strip() if name in self.values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter."""
        return self.values.get(name, ())

    def pairs(self) -> list[tuple[str, str]]:
        """Return all parameters, as `of` takes them."""
        return [(name, value) for name, values in self.values.items() for value in values]

    def whole(self, name: str) -> int | None:
        """Return a parameter that is a whole number; None where it was not sent.

        Raises:
            InvalidParameter: it is none.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            return int(text[:20])
        except ValueError:
            msg = f"{name.upper()}: {text[:32]!r} is not a whole number"
            raise InvalidParameter(msg, field=name.upper(), allowed="a whole number") from None

    def numbers(self, name: str, count: int) -> list[tuple[float, ...]]:
        """Return each value of a parameter as so many numbers with blanks between.

        Raises:
            InvalidParameter: it has others.
        """
        found = []
        for text in self.all(name):
            try:
                numbers = tuple(float(part[:40]) for part in text.split())
            except ValueError:
                numbers = ()
            if len(numbers) != count:
                allowed = f"{count} numbers with blanks between"
                msg = f"{name.upper()}: {text[:64]!r} is not {allowed}"
                raise InvalidParameter(msg, field=name.upper(), allowed=allowed)
            found.append(numbers)
        return found


async def _sent(request: Request) -> Parameters:
    """Return what was sent; a file comes with it: nothing is fetched."""
    sent = await _sent_or_named(request)
    for entry in ";".join(sent.all("upload")).split(";"):
        if entry.strip() and not entry.partition(",")[2].strip().startswith(_FILE):
            raise _no_file(f"{entry[:64]!r} names no file of this form, and none is fetched from elsewhere")
    return sent


async def _sent_or_named(request: Request) -> Parameters:
    """Return what was sent, where UPLOAD may name addresses of files that did not come with it."""
    pairs = list(request.query_params.multi_items())
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind not in _FORMS:
        allowed = "application/x-www-form-urlencoded or multipart/form-data"
        raise InvalidParameter(f"the body was sent as {kind[:64]!r}: send {allowed}", field="body", allowed=allowed)
    if request.method == "POST" and kind:
        limit = request.app.state.parts.limits.body_bytes
        async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=limit) as form:
            files = {
                name: as_text(await value.read()) for name, value in form.multi_items() if isinstance(value, UploadFile)
            }
            pairs += [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        pairs = [*pairs, *_uploaded(pairs, files)]
    return Parameters.of((name[:_NAME_LENGTH], value) for name, value in pairs)


def as_text(content: bytes) -> str:
    """Return a file as parameters hold one: as text, or as ``data:;base64,...``."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return "data:;base64," + b64encode(content).decode()


def _uploaded(pairs: Iterable[tuple[str, str]], files: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield each file as the parameter that UPLOAD says it is (``NAME,param:FILE``), or under its own name."""
    named: set[str] = set()
    for name, value in pairs:
        if name.lower() != "upload":
            continue
        for entry in value.split(";"):
            table, _, place = entry.partition(",")
            file = place.strip().removeprefix(_FILE)
            if not place.strip().startswith(_FILE):
                continue
            if file not in files:
                raise _no_file(f"{entry[:64]!r} names no file of this form")
            named.add(file)
            yield table.strip(), files[file]
    yield from ((name, content) for name, content in files.items() if name not in named)


def _no_file(why: str) -> InvalidParameter:
    return InvalidParameter(f"UPLOAD: {why}", field="UPLOAD", allowed=f"NAME,{_FILE}FILE with FILE in the same form")


Sent = Annotated[Parameters, Depends(_sent)]
"""An endpoint's parameter of this type holds what the caller sent."""
SentOrNamed = Annotated[Parameters, Depends(_sent_or_named)]
"""The same, where files may also be named by their address (UPLOAD)."""
