"""Model expressions: what is understood, what is refused and with which words, settings of parameters."""

from pathlib import Path

import pytest

from mesh.kit import BadInput
from services.spectral_fit.analysis.expression import Component, Convolution, Node, Product, Sum, parse
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.settings import Start, starts
from tests.unit.spectral_fit.models import some_models


@pytest.fixture(name="read")
def _read(tmp_path: Path) -> "Reader":
    return Reader(tmp_path)


class Reader:
    """Reads expressions and settings with the small table."""

    def __init__(self, folder: Path) -> None:
        self.models = some_models(folder)

    def __call__(self, text: str) -> Node:
        """Return the tree of an expression."""
        return parse(text, self.models)

    def starts(self, text: str, settings: str) -> dict[str, Start]:
        """Return how each parameter of an expression enters the fit."""
        places = Model(self(text)).places
        return dict(zip((place.name for place in places), starts(places, settings), strict=True))


def _shape(node: Node) -> str:
    match node:
        case Component(label):
            return label
        case Sum(terms):
            return "(" + " + ".join(map(_shape, terms)) + ")"
        case Product(factors):
            return "*".join(map(_shape, factors))
        case Convolution(component, of):
            return f"{component.label}[{_shape(of)}]"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("powerlaw", "powerlaw"),
        (" WABS * highecut*PowerLaw ", "wabs*highecut*powerlaw"),
        ("wabs(powerlaw+gauss)", "wabs*(powerlaw + gaussian)"),
        ("wabs*powerlaw + gaussian", "(wabs*powerlaw + gaussian)"),
        ("(powerlaw + powerlaw)*wabs", "(powerlaw + powerlaw_2)*wabs"),
        ("cflux*wabs*powerlaw", "cflux[wabs*powerlaw]"),
        ("wabs*cflux*powerlaw", "wabs*cflux[powerlaw]"),
        ("wabs*cflux(powerlaw + gaussian)", "wabs*cflux[(powerlaw + gaussian)]"),
        ("cflux*powerlaw + gaussian", "(cflux[powerlaw] + gaussian)"),
        ("(wabs + highecut)*powerlaw", "(wabs + highecut)*powerlaw"),
    ],
)
def test_expressions_are_read_as_xspec_reads_them(read: Reader, text: str, shape: str) -> None:
    assert _shape(read(text)) == shape


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("", "BadExpression", "name of a model is expected"),
        ("wabs", "BadExpression", "multiply by an additive model"),
        ("wabs*", "BadExpression", "it ends where"),
        ("wabs*(powerlaw", "BadExpression", "character 6: this bracket is never closed"),
        ("wabs powerlaw", "BadExpression", "a * or + is missing"),
        ("powerlaw)", "BadExpression", "')' does not fit here"),
        ("powerlaw*gaussian", "BadExpression", "two spectra cannot be multiplied"),
        ("powerlaw + wabs", "BadExpression", "multiply them"),
        ("powerlaw(gaussian)", "BadExpression", "write * between"),
        ("wabs*cflux", "BadExpression", "write one behind it"),
        ("powerlaw*cflux", "BadExpression", "write one behind it"),
        ("2*powerlaw", "BadExpression", "'2' stands where"),
        ("powrelaw", "UnknownModel", "did you mean powerlaw?"),
        ("pileup*powerlaw", "UnknownModel", "no model 'pileup'"),
        ("__import__('os').system('x')", "BadExpression", "name of a model"),
        ("(" * 40 + "powerlaw" + ")" * 40, "BadExpression", "brackets inside each other"),
        ("powerlaw+" * 30 + "powerlaw", "BadExpression", "more than 20 models"),
        ("powerlaw" + "+powerlaw" * 60, "BadExpression", "at most 500"),
    ],
)
def test_wrong_expressions_say_what_to_write(read: Reader, text: str, word: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(text)
    assert caught.value.reason == word
    assert hint in caught.value.text


def test_parameters_of_the_table(read: Reader) -> None:
    table = read.models
    assert [entry.name for entry in table["bapec"].parameters][-2:] == ["switch", "norm"]
    assert not table["bapec"].parameters[4].free
    assert table["bapec"].parameters[4].value == 2.0
    assert table["wabs"].parameters[0].unit == "10^22"
    index = table["powerlaw"].parameters[0]
    assert (index.value, index.minimum, index.maximum, index.free) == (1.0, -2.0, 9.0, True)


def test_settings_change_values_limits_and_freedom(read: Reader) -> None:
    found = read.starts(
        "wabs*(powerlaw + powerlaw)",
        "wabs.nH = 0.5 frozen; powerlaw.PhoIndex = 2.1 [1, 4]\n powerlaw_2.phoindex = powerlaw.PhoIndex; "
        "powerlaw_2.norm = 1e-3",
    )
    assert found["wabs.nH"] == Start(0.5, 0.0, 1e5, free=False, given=True)
    assert found["powerlaw.PhoIndex"] == Start(2.1, 1.0, 4.0, free=True, given=True)
    assert (found["powerlaw_2.PhoIndex"].tie, found["powerlaw_2.PhoIndex"].value) == ("powerlaw.PhoIndex", 2.1)
    assert found["powerlaw_2.norm"].given
    assert not found["powerlaw.norm"].given


def test_a_name_that_is_unique_needs_no_component(read: Reader) -> None:
    assert read.starts("wabs*powerlaw", "nH = 2 frozen")["wabs.nH"].value == 2.0


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("powerlaw.PhoIndex", "cannot be read"),
        ("powerlaw.PhoIndex = 2 [3]", "cannot be read"),
        ("powerlaw.PhoIndex = 2 [4, 1]", "lower limit must be below"),
        ("powerlaw.PhoIndex = 20", "outside its limits [-2, 9]"),
        (
            "powerlaw.Index = 2",
            "no parameter of this model; the model has: powerlaw.PhoIndex, powerlaw.norm, powerlaw_2",
        ),
        ("PhoIndex = 2", "several parameters"),
        ("powerlaw.norm = 1; powerlaw.norm = 2", "set twice"),
        ("powerlaw.norm = powerlaw.norm", "tied to another parameter"),
        ("powerlaw.norm = 1e999", "too large"),
        ("powerlaw.norm = 1e200 [1e199, 1e201]", "the most is 1e+38"),
        ("powerlaw.norm = powerlaw_2.norm; powerlaw_2.norm = powerlaw.norm", "not tied itself"),
    ],
)
def test_wrong_settings_say_what_to_write(read: Reader, settings: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read.starts("powerlaw + powerlaw", settings)
    assert caught.value.reason == "BadParameter"
    assert hint in caught.value.text
