"""Reads an XSPEC model expression, e.g. ``wabs*(powerlaw + gaussian)``, into a tree; nothing is ever executed.

    sum     = product { "+" product }
    product = factor { "*" factor }
    factor  = name [ "(" sum ")" ] | "(" sum ")"

A convolution stands before what it changes: ``cflux*powerlaw`` and ``cflux(powerlaw)`` are the same, and it changes
everything to its right in its product, as in XSPEC.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mesh.kit import BadInput
from services.spectral_fit.analysis.model_table import ModelEntry

_PIECE = re.compile(r"\s*(?:(?P<name>[A-Za-z]\w*)|(?P<sign>[-+*/()^,{}])|(?P<number>[0-9.]+)|(?P<other>\S))")
_LONGEST = 500
_DEEPEST = 30
_MOST_COMPONENTS = 20


@dataclass(frozen=True)
class Component:
    """One model in the expression; *label* is its name, with ``_2`` and so on from its second use on."""

    label: str
    entry: ModelEntry


@dataclass(frozen=True)
class Sum:
    """Spectra that are added, or factors that are."""

    terms: tuple["Node", ...]


@dataclass(frozen=True)
class Product:
    """A spectrum and its factors, or factors alone."""

    factors: tuple["Node", ...]


@dataclass(frozen=True)
class Convolution:
    """A spectrum changed by a convolution model."""

    component: Component
    of: "Node"


Node = Component | Sum | Product | Convolution


def parse(text: str, models: Mapping[str, ModelEntry]) -> Node:
    """Return the tree of an expression that gives a spectrum.

    Args:
        text: the expression; names of models in any case, whole or shortened as far as they stay unique.
        models: the models that there are, by lower-case name.

    Raises:
        BadInput: reason ``BadExpression`` or ``UnknownModel``; the text says where and what to write instead.
    """
    if len(text) > _LONGEST:
        raise BadInput("BadExpression", f"the model has {len(text)} characters; write at most {_LONGEST}")
    reader = _Reader(text, models, list(_pieces(text)))
    node = reader.sum(0)
    reader.end()
    if not _is_spectrum(node):
        additive = "powerlaw, cutoffpl, bbody, gaussian"
        raise BadInput(
            "BadExpression",
            f"{text!r} has factors only and gives no spectrum: multiply by an additive model ({additive})",
        )
    return node


def components(node: Node) -> Iterator[Component]:
    """Yield the components from left to right."""
    match node:
        case Component():
            yield node
        case Sum(terms):
            for term in terms:
                yield from components(term)
        case Product(factors):
            for factor in factors:
                yield from components(factor)
        case Convolution(component, of):
            yield component
            yield from components(of)


def _pieces(text: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _PIECE.match(text, position)
        assert found is not None  # noqa: S101 - the last alternative takes any character
        kind = str(found.lastgroup)
        yield kind, found[kind], found.start(kind)
        position = found.end()


@dataclass
class _Reader:
    text: str
    models: Mapping[str, ModelEntry]
    pieces: list[tuple[str, str, int]]
    used: dict[str, int] = field(default_factory=dict)
    at: int = 0

    def sum(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise BadInput("BadExpression", f"more than {_DEEPEST} brackets inside each other: write it flatter")
        start = self._position()
        terms = [self._product(depth)]
        while self._take("+"):
            terms.append(self._product(depth))
        if len(terms) == 1:
            return terms[0]
        if len({_is_spectrum(term) for term in terms}) > 1:
            raise self._wrong("a spectrum and a factor cannot be added: multiply them", start)
        return Sum(tuple(terms))

    def end(self) -> None:
        if self.at < len(self.pieces):
            kind, piece, position = self.pieces[self.at]
            hint = "a * or + is missing before it" if kind == "name" or piece == "(" else "models are joined by * and +"
            raise self._wrong(f"{piece!r} does not fit here: {hint}", position)

    def _product(self, depth: int) -> Node:
        start = self._position()
        factors: list[Node | _Pending] = [self._factor(depth)]
        while self._take("*"):
            factors.append(self._factor(depth))
        # From the right: a convolution takes all that stands behind it.
        behind: list[Node] = []
        for factor in reversed(factors):
            if isinstance(factor, _Pending):
                if not any(_is_spectrum(one) for one in behind):
                    name = factor.component.entry.name
                    raise self._wrong(f"{name} changes a spectrum: write one behind it, e.g. {name}*powerlaw", start)
                behind = [Convolution(factor.component, self._times(behind, start))]
            else:
                behind.insert(0, factor)
        return self._times(behind, start)

    def _times(self, factors: list[Node], start: int) -> Node:
        if sum(map(_is_spectrum, factors)) > 1:
            raise self._wrong("two spectra cannot be multiplied: add them with +", start)
        return factors[0] if len(factors) == 1 else Product(tuple(factors))

    def _factor(self, depth: int) -> "Node | _Pending":
        if self.at >= len(self.pieces):
            raise self._wrong("it ends where the name of a model is expected", len(self.text))
        kind, piece, position = self.pieces[self.at]
        if piece == "(":
            self.at += 1
            inside = self.sum(depth + 1)
            self._close(position)
            return inside
        if kind != "name":
            raise self._wrong(f"{piece!r} stands where the name of a model is expected", position)
        self.at += 1
        component = self._component(piece, position)
        if not self._take("("):
            return _Pending(component) if component.entry.kind == "con" else component
        inside = self.sum(depth + 1)
        self._close(position)
        match component.entry.kind:
            case "con" if _is_spectrum(inside):
                return Convolution(component, inside)
            case "mul":
                return Product((component, inside))
        raise self._wrong(f"{component.entry.name} cannot stand before a bracket like this: write * between", position)

    def _component(self, name: str, position: int) -> Component:
        entry = self._entry(name, position)
        number = self.used[entry.name] = self.used.get(entry.name, 0) + 1
        if sum(self.used.values()) > _MOST_COMPONENTS:
            raise self._wrong(f"more than {_MOST_COMPONENTS} models", position)
        return Component(entry.name if number == 1 else f"{entry.name}_{number}", entry)

    def _entry(self, name: str, position: int) -> ModelEntry:
        wanted = name.lower()
        if wanted in self.models:
            return self.models[wanted]
        longer = [known for known in self.models if known.startswith(wanted)]
        if len(longer) == 1:
            return self.models[longer[0]]
        near = sorted(longer)[:5] or difflib.get_close_matches(wanted, self.models, n=3)
        hint = (
            f"did you mean {', '.join(self.models[one].name for one in near)}?"
            if near
            else "product spectral_fit_models lists them all"
        )
        text = f"there is no model {name!r} (character {position + 1} of {self.text!r}); {hint}"
        raise BadInput("UnknownModel", text)

    def _take(self, sign: str) -> bool:
        if self.at < len(self.pieces) and self.pieces[self.at][1] == sign:
            self.at += 1
            return True
        return False

    def _close(self, opened: int) -> None:
        if not self._take(")"):
            raise self._wrong("this bracket is never closed, or what is in it is not joined by * and +", opened)

    def _position(self) -> int:
        return self.pieces[self.at][2] if self.at < len(self.pieces) else len(self.text)

    def _wrong(self, what: str, position: int) -> BadInput:
        return BadInput("BadExpression", f"{self.text!r}, character {position + 1}: {what}")


@dataclass(frozen=True)
class _Pending:
    """A convolution that waits for what stands behind it."""

    component: Component


def _is_spectrum(node: Node) -> bool:
    match node:
        case Component(entry=entry):
            return entry.kind == "add"
        case Sum(terms):
            return _is_spectrum(terms[0])
        case Product(factors):
            return any(map(_is_spectrum, factors))
        case Convolution():
            return True
