"""The spectrum of an expression: its parameters in order, and its photons in energy bins."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.spectral_fit.analysis.expression import Component, Convolution, Node, Product, Sum, components
from services.spectral_fit.analysis.model_library import Array, evaluate
from services.spectral_fit.analysis.model_table import ModelEntry, ModelParameter

# A convolution moves photons across the edges of the response: it is computed on a wider grid.
_LOWEST_KEV, _HIGHEST_KEV, _MARGIN_BINS = 0.1, 2000.0, 100
_KEPT = 64  # evaluations of single components
_FLUX_MODELS = frozenset({"cflux", "cpflux", "clumin", "cglumin"})


@dataclass(frozen=True)
class Place:
    """One parameter of one component."""

    component: Component
    parameter: ModelParameter

    @property
    def name(self) -> str:
        """How it is called in requests and results, e.g. ``powerlaw.PhoIndex``."""
        return f"{self.component.label}.{self.parameter.name}"

    @property
    def is_norm(self) -> bool:
        """Whether it scales a spectrum."""
        return self.component.entry.kind == "add" and self.parameter.name == "norm"


class Model:
    """A model of the spectrum of a source.

    Args:
        tree: of the expression.

    Attributes:
        wide: whether it has a convolution, so that energies beside those of the response matter.
    """

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self.components = tuple(components(tree))
        self.places = tuple(Place(one, entry) for one in self.components for entry in one.entry.parameters)
        self._slices = dict(_slices(self.components))
        self.wide = any(isinstance(node, Convolution) for node in _nodes(tree))
        self._kept: OrderedDict[tuple[str, bytes, bytes], Array] = OrderedDict()

    def photons(self, edges_kev: Array, values: Sequence[float] | Array) -> Array:
        """Return photons/cm2/s in each bin.

        Args:
            edges_kev: edges of the bins, ascending.
            values: of all parameters, in the order of *places*.
        """
        return self._on_grid(self.tree, edges_kev, np.asarray(values, np.float64))

    def parts(self, edges_kev: Array, values: Sequence[float] | Array) -> list[tuple[str, Array]]:
        """Return the photons of each additive component, absorbed and changed as the whole is.

        Empty for only one, and where a convolution sets the flux: it would scale each of them to the whole.
        """
        added = [one for one in self.components if one.entry.kind == "add"]
        if len(added) < 2 or self.flux_convolutions():
            return []
        parts = []
        for one in added:
            alone = np.array(values, np.float64)
            for other in added:
                if other is not one:
                    alone[self._slices[other.label].stop - 1] = 0.0
            parts.append((one.label, self._on_grid(self.tree, edges_kev, alone)))
        return parts

    def flux_convolutions(self) -> list[tuple[Convolution, list[Component]]]:
        """Return the convolutions that set a flux, each with the additive components whose norms it makes idle."""
        return [
            (node, [one for one in components(node.of) if one.entry.kind == "add"])
            for node in _nodes(self.tree)
            if isinstance(node, Convolution) and node.component.entry.name in _FLUX_MODELS
        ]

    def _on_grid(self, tree: Node, edges: Array, values: Array) -> Array:
        if not self.wide:
            return self._evaluate(tree, edges, values)
        below = np.geomspace(_LOWEST_KEV, edges[0], _MARGIN_BINS)[:-1] if edges[0] > _LOWEST_KEV else edges[:0]
        above = np.geomspace(edges[-1], _HIGHEST_KEV, _MARGIN_BINS)[1:] if edges[-1] < _HIGHEST_KEV else edges[:0]
        wide = self._evaluate(tree, np.concatenate([below, edges, above]), values)
        return wide[below.size : below.size + edges.size - 1]

    def _evaluate(self, node: Node, edges: Array, values: Array) -> Array:
        match node:
            case Component(label, entry):
                return self._component(entry, edges, values[self._slices[label]])
            case Sum(terms):
                return np.asarray(sum(self._evaluate(term, edges, values) for term in terms))
            case Product(factors):
                return np.asarray(np.prod([self._evaluate(factor, edges, values) for factor in factors], axis=0))
            case Convolution(component, of):
                before = self._evaluate(of, edges, values)
                return evaluate(component.entry, edges, values[self._slices[component.label]], before)

    def _component(self, entry: ModelEntry, edges: Array, values: Array) -> Array:
        """Evaluate a model, or recall it: a fit changes one parameter at a time, often one that only scales."""
        norm = values[-1] if entry.kind == "add" else 1.0
        own = values.copy()
        if entry.kind == "add":
            own[-1] = 1.0
        key = (entry.name, edges.tobytes(), own.tobytes())
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = evaluate(entry, edges, own)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return norm * found


def _slices(chosen: Sequence[Component]) -> Iterator[tuple[str, slice]]:
    start = 0
    for one in chosen:
        stop = start + len(one.entry.parameters)
        yield one.label, slice(start, stop)
        start = stop


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Sum(inner) | Product(inner):
            for one in inner:
                yield from _nodes(one)
        case Convolution(of=of):
            yield from _nodes(of)
