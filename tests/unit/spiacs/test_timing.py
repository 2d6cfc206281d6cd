"""Delay and annulus from the light curve of another spacecraft, with the source at a known place."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from mesh.archive.times import ijd_from_utc
from mesh.kit.ogip.light_curve import LightCurve, rate_hdu
from mesh.kit.ogip.observation import Observation
from services.spiacs.simulator.archive import write_archive
from services.spiacs.simulator.orbit import position_km
from services.spiacs.simulator.rates import Background, Pulse
from tests.unit.spiacs.stage_runs import run_stage

_BURST = "2017-08-17T12:55:00.000"
_INTERVAL = ("2017-08-17T12:45:00", "2017-08-17T13:05:00")
_SOURCE = (197.45, -23.38)
_CRAFT_KM = np.array([2.0e5, -1.5e5, 3.0e5])
_LIGHT_KM_S = 299792.458
_BIN_S = 0.1


def _towards(ra: float, dec: float) -> NDArray[np.float64]:
    a, d = np.radians(ra), np.radians(dec)
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _delay_s(craft_km: NDArray[np.float64]) -> float:
    """Return arrival at SPI-ACS less arrival at another craft."""
    own = position_km(np.array([ijd_from_utc(_BURST)]))[0]
    return float((craft_km - own) @ _towards(*_SOURCE)) / _LIGHT_KM_S


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Products of the slices around a burst of a sharp rise."""
    root = tmp_path_factory.mktemp("timing")
    pulses = [(_BURST, Pulse(0.0, 60_000, 0.3, 2.0))]
    quiet = Background(spikes_a_day=0.0, slow=0.0, drift=0.0)
    products = []
    for label in write_archive(root / "archive", *_INTERVAL, seed=11, pulses=pulses, background=quiet):
        source = root / "archive" / "slices" / "spiacs" / label[:4] / label / "acs_counts.fits.gz"
        _, out = run_stage(root / label, "counts", label, [(label, source)])
        products.append((label, out / "spiacs_counts.fits.gz"))
    return products


def _other_curve(path: Path, delay_s: float, *, seed: int = 5, step_s: float = _BIN_S, drawn: bool = True) -> Path:
    """Write what another craft sees of the same burst: earlier by the delay, weaker, over its own background."""
    first_s, bins = -60.0, round(150.0 / step_s)
    edges = np.asarray(first_s + np.arange(bins + 1) * step_s, dtype=np.float64)
    light = Pulse(-delay_s, 20_000 if drawn else 0.0, 0.3, 2.0).profile(edges)
    seen = np.random.default_rng(seed).poisson(light + 300.0 * step_s)
    start_s = ijd_from_utc(_BURST) * 86400.0
    rate = LightCurve(
        time_s=start_s + 0.5 * (edges[1:] + edges[:-1]),
        rate=seen / step_s,
        error=np.sqrt(np.maximum(seen, 1.0)) / step_s,
        exposed=np.ones(bins),
        width_s=np.full(bins, step_s),
    )
    seen_by = Observation("POLAR", start_s / 86400, start_s / 86400 + 0.01, telescope="Tiangong-2")
    hdu = rate_hdu(rate, step_s, seen_by, band_kev=(50.0, 500.0), net=False)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path


def _timing(
    folder: Path, counts: list[tuple[str, Path]], curve: Path, role: str = "partner_curve", **given: Any
) -> dict[str, Any]:
    manifest, out = run_stage(folder, "search", "job", counts, _INTERVAL, others={role: curve}, threshold=8.0, **given)
    assert "reason" not in manifest, manifest
    found: dict[str, Any] = json.loads((out / "spi_acs_search.json").read_text())["timing"]
    return found


def test_the_annulus_goes_through_the_source(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    true = _delay_s(_CRAFT_KM)
    place = ", ".join(map(str, _CRAFT_KM))
    found = _timing(
        tmp_path / "u", counts, _other_curve(tmp_path / "curve.fits", true), partner=place, clock_error=0.005
    )
    delay, ring = found["delay"], found["annulus"]
    assert delay["from"] == "light curve of POLAR"
    assert delay["seconds"] == pytest.approx(true, abs=4 * delay["error"])
    assert delay["error"] < 0.06
    off = float(np.degrees(np.arccos(_towards(ring["ra"], ring["dec"]) @ _towards(*_SOURCE))))
    assert off == pytest.approx(ring["radius_deg"], abs=4 * ring["half_width_deg"])
    assert ring["half_width_deg"] < 4.0


def test_a_craft_of_unknown_place_is_in_a_low_orbit(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    true = _delay_s(np.zeros(3))
    found = _timing(tmp_path / "u", counts, _other_curve(tmp_path / "curve.fits", true))
    assert found["delay"]["seconds"] == pytest.approx(true, abs=4 * found["delay"]["error"])
    assert found["delay"]["error_of_unknown_orbit"] == pytest.approx(0.0131, abs=1e-4)
    assert found["annulus"]["baseline_s"] == pytest.approx(found["light_time_to_geocentre_s"])


@pytest.mark.parametrize(
    ("curve", "hint"),
    [
        ({"drawn": False}, "no common feature|does not fit|no minimum"),
        ({"step_s": 0.0731}, "no multiple is one of 0.05 s"),
        ({"delay_s": 5.0}, "does not fit a baseline|no common feature"),
    ],
)
def test_curves_that_tell_nothing_are_refused(
    counts: list[tuple[str, Path]], tmp_path: Path, curve: dict[str, Any], hint: str
) -> None:
    path = _other_curve(tmp_path / "curve.fits", **{"delay_s": 0.1, **curve})
    found = _timing(tmp_path / "u", counts, path, partner=", ".join(map(str, _CRAFT_KM)))
    assert found["annulus"] is not None
    assert any(word in found["annulus"].get("refused", "") for word in hint.split("|")), found


def test_what_is_no_light_curve(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    for name, content in (("curve.fits", b"SIMPLE"), ("curve.json", b"{}")):
        (tmp_path / name).write_bytes(content)
        failure, _ = run_stage(
            tmp_path / f"u-{name}", "search", "job", counts, _INTERVAL, others={"partner_curve": tmp_path / name}
        )
        assert failure["reason"] == "BadPartner"
    curve = _other_curve(tmp_path / "good.fits", 0.1)
    failure, _ = run_stage(
        tmp_path / "five", "search", "job", counts, _INTERVAL, others={"partner_curve": curve}, partner="1,2,3,0.1,0.05"
    )
    assert failure["reason"] == "BadPartner"
