"""What cannot be fitted: one word to match on, and a sentence that says what to do."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.errors import BadInput, ScienceFailure
from tests.fit_container import FitContainer


@pytest.fixture(name="crab")
def _crab(shared_data: Path) -> list[Path]:
    names = ("spec_Crab_pha", "rmf_Crab", "arf_Crab")
    return [shared_data / "jemx" / f"jmx1_{name}_066500230010.fits.gz" for name in names]


@pytest.mark.parametrize(
    ("parameters", "word", "hint"),
    [
        ({"model": "powerlw"}, "UnknownModel", "powerlaw"),
        ({"model": "wabs*(powerlaw"}, "BadExpression", "never closed"),
        ({"model": "wabs*apec"}, "NoModelData", "choose an analytical model"),
        ({"settings": "powerlaw.Gamma = 2"}, "BadParameter", "the model has: powerlaw.PhoIndex"),
        ({"jemx_range": [[50, 60]]}, "EmptyRange", "choose a range inside"),
        ({"jemx_range": [[3, 4]]}, "TooFewChannels", "widen the range"),
        ({"statistic": "cstat"}, "NotPoisson", "use statistic auto"),
        ({"group_counts": 20, "group_snr": 5.0}, "BadParameter", "exclude each other"),
        ({"group_snr": 900.0}, "NoGoodChannels", "lower group_counts or group_snr"),
        ({"settings": "PhoIndex = 2 frozen; norm = 1 frozen"}, "NothingToFit", "leave one free"),
    ],
)
def test_the_request_is_refused(
    container: FitContainer, crab: list[Path], parameters: dict[str, object], word: str, hint: str
) -> None:
    with pytest.raises(BadInput) as caught:
        container.fit(crab, **parameters)
    assert caught.value.reason == word
    assert hint in caught.value.text


def test_no_channel_is_usable(container: FitContainer, crab: list[Path], tmp_path: Path) -> None:
    with fits.open(crab[0]) as hdus:
        hdus[1].data["RATE"] = np.nan
        hdus.writeto(tmp_path / "nan.fits")
    with pytest.raises(BadInput, match="not finite") as caught:
        container.fit([tmp_path / "nan.fits", *crab[1:]])
    assert caught.value.reason == "NoGoodChannels"


def test_no_spectrum_and_no_response(container: FitContainer, crab: list[Path]) -> None:
    for files, word in ((crab[1:], "NoSpectrum"), (crab[:1], "NoResponse")):
        with pytest.raises(BadInput) as caught:
            container.fit(files)
        assert caught.value.reason == word
    with pytest.raises(BadInput) as caught:
        container.fit()
    assert caught.value.reason == "NoSpectrum"


def test_the_models_that_can_be_used_are_listed(container: FitContainer) -> None:
    folder = container.models()
    listed = {one["name"]: one for one in json.loads((folder / "models.json").read_text())["models"]}
    usable = {name for name, one in listed.items() if one["usable"]}
    assert len(listed) > 300
    assert {"powerlaw", "cutoffpl", "diskbb", "cflux"} <= {name.lower() for name in usable}
    assert not listed["apec"]["usable"]
    index = listed["powerlaw"]["parameters"][0]
    assert (index["name"], index["value"], index["free"]) == ("PhoIndex", 1.0, True)
    assert "powerlaw     PhoIndex=1, norm=1" in (folder / "models.txt").read_text()


def test_a_fit_that_finds_no_minimum_says_what_to_do(container: FitContainer, crab: list[Path]) -> None:
    # E^800 overflows at every energy.
    with pytest.raises(ScienceFailure) as caught:
        container.fit(crab, model="powerlaw", settings="PhoIndex = -800 [-900, -700]; norm = 1 frozen")
    assert caught.value.reason == "NotConverged"
    assert "give starting values near the truth" in caught.value.text
