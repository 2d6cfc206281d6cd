"""What models the XSPEC library has: names, kinds and parameters, from its own table ``model.dat``.

The format is described in appendix C of the XSPEC manual ("Adding models to XSPEC"): a line for the model, a line for
each parameter, a blank line.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Kind = Literal["add", "mul", "con"]
KINDS: tuple[Kind, ...] = ("add", "mul", "con")

_HEAD = re.compile(r"^(\w+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\w+)\s+(\w+)(\s|$)")


@dataclass(frozen=True)
class ModelParameter:
    """One parameter of a model: value at the start of a fit, limits, and whether it is free then."""

    name: str
    unit: str
    value: float
    minimum: float
    maximum: float
    free: bool


@dataclass(frozen=True)
class ModelEntry:
    """One model of the library.

    Args:
        name: as it is written in an expression.
        kind: additive (photons/cm2/s per bin), multiplicative (factor), or convolution (changes a spectrum).
        function: name of its function, with the prefix that says how it is called.
        parameters: in the order in which the function takes them; the norm of an additive model is the last one and
            is not passed on.
    """

    name: str
    kind: Kind
    function: str
    parameters: tuple[ModelParameter, ...]


NORM = ModelParameter("norm", "", 1.0, 0.0, 1e20, free=True)


def read_models(path: Path) -> dict[str, ModelEntry]:
    """Return the additive, multiplicative and convolution models of a ``model.dat``, by their lower-case names."""
    blocks = _blocks(path.read_text(encoding="latin-1").splitlines())
    entries = (_entry(block) for block in blocks)
    return {entry.name.lower(): entry for entry in entries if entry is not None}


def by_kind(models: Mapping[str, ModelEntry], kind: Kind) -> list[str]:
    """Return the names of the models of one kind, sorted."""
    return sorted(entry.name for entry in models.values() if entry.kind == kind)


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if _HEAD.match(line) and block:
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def _entry(block: list[str]) -> ModelEntry | None:
    head = _HEAD.match(block[0])
    if head is None or head[6] not in KINDS:
        return None
    kind = cast(Kind, head[6])
    parameters = [_parameter(line) for line in block[1 : 1 + int(head[2])]]
    if kind == "add":
        parameters.append(NORM)
    return ModelEntry(head[1], kind, head[5], tuple(parameters))


def _parameter(line: str) -> ModelParameter:
    """Read a line of a parameter: ``$`` marks a switch and ``*`` a scale, which are never fitted."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.quotes = True, "", '"'
    words = list(lexer)
    name = words[0]
    if name.startswith(("$", "*")):
        plain = name[1:]
        numbers = _numbers(words[1:])
        value = numbers[0] if numbers else 0.0
        unit = words[1] if words[1:] and not _is_number(words[1]) else ""
        return ModelParameter(plain, unit.strip(), value, -1e38, 1e38, free=False)
    unit = words[1].strip()
    value, _, soft_minimum, soft_maximum, _, step = _numbers(words[2:])[:6]
    # Within its limits in every case: a few defaults of the table lie outside by rounding.
    low, high = min(soft_minimum, value), max(soft_maximum, value)
    return ModelParameter(name, unit, value, low, high, free=step > 0.0)


def _numbers(words: Iterable[str]) -> list[float]:
    return [float(word.lower().replace("d", "e")) for word in words if _is_number(word)]


def _is_number(word: str) -> bool:
    try:
        float(word.lower().replace("d", "e"))
    except ValueError:
        return False
    return True
