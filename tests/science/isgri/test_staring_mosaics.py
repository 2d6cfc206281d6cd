"""Mosaics of windows whose pixels differ, at one attitude or on a repeated pattern, without and with an epoch's map."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.fit import Shadowgram
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.pattern import patterns_of
from science.coded_mask.source_list import WindowSource
from science.coded_mask.window_product import WindowProduct
from services.isgri.analysis.camera import CAMERA, isgri_camera
from services.isgri.analysis.detector import PIXELS, SHAPE, module_map
from services.isgri.analysis.instrument import INSTRUMENT
from tests.science.bars import Bars

_RATE, _LIVE_S, _SCATTER = 176.0, 1600.0, 0.186
_BAND = (28.0, 80.0)
_STEP_DEG = 2.17
_EPOCH = 40
"""Windows of the map of an epoch."""
_STARING = ((0, 0),) * 10
_REPEATED = ((0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)) * 3
_MIXED = ((0, 0),) * 8 + tuple((4 + n % 3, 4 + n // 3) for n in range(9))


@dataclass(frozen=True)
class _Window(WindowProduct):
    """A window that was never a file."""

    data: Shadowgram = field(kw_only=True)

    def shadowgrams(self) -> list[Shadowgram]:
        return [self.data]


def _field(rng: np.random.Generator, steps: Sequence[tuple[int, int]], places: int = 0, others: int = 0) -> Mosaic:
    """Return the mosaic of an empty field, with forced fits at some places of the first window's field.

    Where there are other windows, all have the map of these.
    """
    modules = module_map()
    live = (modules >= 0) & (rng.random(SHAPE) > 0.09)
    pattern = np.exp(rng.normal(-(_SCATTER**2) / 2.0, _SCATTER, SHAPE)) * rng.uniform(0.96, 1.04, 8)[modules]
    level = _RATE * _LIVE_S / PIXELS * pattern
    known = None
    if others:
        counts = rng.poisson(others * level).astype(np.float64) * live
        gain = np.bincount(modules[live], counts[live]) / np.bincount(modules[live])
        known = patterns_of(counts[None], (gain[modules] * live)[None]).band(np.ones(1))
    centre = INSTRUMENT.attitude(266.0, -29.0, 266.0, 61.0)
    forced = [_forced(centre.sky(*rng.uniform(-0.12, 0.12, 2)), number) for number in range(places)]
    windows = []
    for number, (east, north) in enumerate(steps):
        attitude = INSTRUMENT.attitude(
            266.0 + east * _STEP_DEG, -29.0 + north * _STEP_DEG, 266.0 + east * _STEP_DEG, 61.0 + north * _STEP_DEG
        )
        counts = rng.poisson(level).astype(np.float64) * live
        windows.append(
            _Window(
                path=Path("nowhere"),
                label=f"{number:03d}",
                scw=f"{number:03d}",
                instrument=INSTRUMENT,
                camera=isgri_camera,
                attitude=attitude,
                tstart_ijd=6000.0 + number / 40.0,
                tstop_ijd=6000.0 + (number + 1) / 40.0,
                ontime_s=_LIVE_S,
                live_time_s=_LIVE_S,
                bands=(_BAND,),
                covered=(1.0,),
                background=(_RATE,),
                sources=forced if number == 0 else [],
                bursts=None,
                data=Shadowgram(*_BAND, counts, live, _LIVE_S, CAMERA, known),
            )
        )
    mosaic = Mosaic(windows)
    mosaic.build()
    return mosaic


def _forced(place: tuple[NDArray[np.float64], NDArray[np.float64]], number: int) -> WindowSource:
    ra, dec = (float(angle) for angle in place)
    return WindowSource(
        name=f"place {number}",
        new=False,
        wanted=True,
        fitted=False,
        ra=ra,
        dec=dec,
        error_arcmin=0.0,
        catalogue_ra=ra,
        catalogue_dec=dec,
        catalogue_flag=0,
        flux=np.zeros(1),
        flux_error=np.ones(1),
    )


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("kind", "steps"), [("one attitude", _STARING), ("a repeated dither", _REPEATED), ("both", _MIXED)]
)
@pytest.mark.parametrize(
    "fields", [pytest.param(2, marks=pytest.mark.short), pytest.param(100, marks=pytest.mark.long)]
)
def test_empty_fields_stay_empty(bars: Bars, kind: str, steps: tuple[tuple[int, int], ...], fields: int) -> None:
    rng = np.random.default_rng(36)
    widths, wider, highest, found = [], [], [], 0
    fields = fields if kind == "one attitude" else max(fields // 5, 1)
    for _ in range(fields):
        mosaic = _field(rng, steps)
        [total] = mosaic.sums
        significance = total.intensity() / np.sqrt(total.variance())
        widths.append(float(np.nanstd(significance)))
        wider.append(total.width)
        highest.append(float(np.nanmax(significance)))
        mosaic.search([], 6.0)
        found += len(mosaic.finish())
        assert any("pattern of the pixels" in warning for warning in mosaic.warnings)
    what = f"{fields} mosaics of {len(steps)} windows, {kind}, pixels scattered by 18.6 %"
    width = float(np.mean(widths))
    print(f"{what}: {np.mean(wider):.2f} times wider than of independent windows")
    bars.record("B-36", f"{what}: std of the significance", width, "1.00 +- 0.03", abs(width - 1.0) <= 0.03)
    bars.record("B-36", f"{what}: false sources (highest peak {max(highest):.2f})", found, "0", found == 0)
    assert np.mean(wider) > (1.1 if kind != "one attitude" else 2.0)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("fields", [pytest.param(1, marks=pytest.mark.short), pytest.param(20, marks=pytest.mark.long)])
def test_a_map_of_the_epoch_narrows_a_staring_mosaic(bars: Bars, fields: int) -> None:
    rng = np.random.default_rng(39)
    widths, wider, gains, found = [], [], [], 0
    for _ in range(fields):
        mosaic = _field(rng, _STARING, others=_EPOCH)
        [total] = mosaic.sums
        significance = total.intensity() / np.sqrt(total.variance())
        widths.append(float(np.nanstd(significance)))
        wider.append(total.width)
        poisson = np.sqrt(_RATE * _LIVE_S * len(_STARING)) / (0.5 * _LIVE_S * len(_STARING))
        gains.append(float(np.nanmin(np.sqrt(total.variance()))) / poisson)
        mosaic.search([], 6.0)
        found += len(mosaic.finish())
    what = f"{fields} mosaics of {len(_STARING)} windows at one attitude, 18.6 % scatter, map of {_EPOCH} others"
    width = float(np.mean(widths))
    print(
        f"{what}: {np.mean(wider):.2f} times wider than of independent windows, sigma {np.mean(gains):.2f} of Poisson"
    )
    bars.record("B-36", f"{what}: std of the significance", width, "1.00 +- 0.03", abs(width - 1.0) <= 0.03)
    bars.record("B-36", f"{what}: false sources", found, "0", found == 0)
    # By theory 1 + 10/40 in variance; without a map 1 + 10 x 0.6.
    ratio = float(np.mean(wider))
    bars.record("-", f"{what}: width over that of independent windows", ratio, "< 1.2", ratio < 1.2)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("others", [0, _EPOCH])
@pytest.mark.parametrize(("kind", "steps"), [("one attitude", _STARING), ("a repeated dither", _REPEATED)])
@pytest.mark.parametrize("fields", [pytest.param(3, marks=pytest.mark.short), pytest.param(20, marks=pytest.mark.long)])
def test_forced_fits_have_true_errors(
    bars: Bars, kind: str, steps: tuple[tuple[int, int], ...], fields: int, others: int
) -> None:
    rng = np.random.default_rng(37)
    pulls, independent, chi2 = [], [], []
    for _ in range(fields):
        for source in _field(rng, steps, places=6, others=others).sources:
            mean, error, reduced = source.combined()
            pulls.append(float(mean[0] / error[0]))
            independent.append(float(mean[0] * np.sum(np.array(list(source.errors.values())) ** -2.0) ** 0.5))
            chi2.append(float(reduced[0]))
    rms = float(np.sqrt(np.mean(np.square(pulls))))
    of_epoch = f", map of {others} others" if others else ""
    what = f"mosaic of {len(steps)} windows, {kind}, 18.6 % scatter{of_epoch}: forced fits at {len(pulls)} places"
    why = None
    if len(pulls) < 100:
        why = f"{len(pulls)} places know it to {1.0 / np.sqrt(2.0 * len(pulls)):.2f} only"
    elif others:
        why = (
            f"windows share the noise of their map, 1 / {others} of the pattern: it is too small to be measured "
            "in one window, and what is told apart of it from the rest of the noise is known to a tenth"
        )
    bars.record("B-37", f"{what}: rms of pulls", rms, "1.0 +- 0.1", abs(rms - 1.0) <= 0.1, reason=why)
    mean_chi2 = float(np.mean(chi2))
    bars.record("B-37", f"{what}: chi2 per dof over windows", mean_chi2, "0.9-1.1", 0.9 <= mean_chi2 <= 1.1, reason=why)
    assert abs(rms - 1.0) < 0.1 + 4.0 / np.sqrt(2.0 * len(pulls))
    assert np.sqrt(np.mean(np.square(independent))) > (1.3 if not others else 0.7)


def test_a_known_source_is_found_in_a_staring_mosaic() -> None:
    mosaic = _field(np.random.default_rng(38), _STARING)
    entry = CatalogueSource("somewhere", 266.5, -28.5)
    before = len(mosaic.sources)
    mosaic.search([entry], 6.0)
    assert len(mosaic.sources) == before, "noise of the pattern is no detection of a catalogue source"
