"""The stage ``localise``: what was seen of a map, and why not."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from mocpy import MOC

from mesh.archive.times import ijd_from_utc
from science.bursts.arrival import LIGHT_KM_S
from science.sky_maps.circle import circle, whole_sky
from science.sky_maps.files import sky_map_hdus
from science.sky_maps.sky_map import SPHERE_DEG2, SkyMap, angle_deg, ra_dec, unit_vector
from services.localisation.analysis.overview import Overview
from tests.unit.localisation.stage_runs import run

T0 = "2017-08-17T12:41:04.430"
AT2017GFO = (197.45037, -23.38148)
AXIS = (36.25, -49.80)
_KEY = "ab" * 32
_CASES = (("hard", 1.0, 1.7e-10, 1150.0), ("soft", 1.0, 1.5e-10, 1150.0), ("soft", 8.0, 1.5e-10, 3300.0))


def _search(**changes: Any) -> dict[str, Any]:
    """Return the report of a search of SPI-ACS, as far as it is read."""
    excess = {"snr": 4.6, "t_minus_t0_s": 1.9, "scale_s": 0.1, "counts": 571.0, "counts_error": 124.0}
    cases = [
        {"spectrum": name, "model": "as published", "scale_s": scale, "factor": factor, "counts": counts}
        for name, scale, factor, counts in _CASES
    ]
    return {
        "t0": T0,
        "window": ["2017-08-17T12:36:04.430", "2017-08-17T12:46:04.430"],
        "completeness": 1.0,
        "mean_rate": 1.1e5,
        "background_is": "very stable",
        "missing": [],
        "excesses": [excess | {"association": "likely associated", "fap_measured": 1e-3, "fap_published": 0.04}],
        "limits": {"cases": cases, "response_systematic": 0.2},
        "axis": {"ra": AXIS[0], "dec": AXIS[1]},
        "timing": {"position_km": [64350.6, 11715.3, 86380.2], "annulus": None},
        **changes,
    }


def _window(number: int, begin: str, end: str, x: tuple[float, float], z: tuple[float, float]) -> dict[str, Any]:
    return {
        "scw": f"1851{number:04d}0010.001",
        "t_start": ijd_from_utc(begin),
        "t_stop": ijd_from_utc(end),
        **{"ra_x": x[0], "dec_x": x[1], "ra_z": z[0], "dec_z": z[1]},
        "sw_type": "POINTING",
        "telapse": 3000.0,
        "files": ["isgri_events.fits.gz", "jmx1_events.fits.gz"],
    }


def _at_t0(x: tuple[float, float], z: tuple[float, float], **changes: Any) -> dict[str, Any]:
    return _window(1, "2017-08-17T12:20:00", "2017-08-17T13:10:00", x, z) | changes


def _rolled(x: tuple[float, float], degrees: float) -> tuple[float, float]:
    """Return Z for an X axis on the equator, turned around it."""
    return ra_dec(
        np.cos(np.radians(degrees)) * unit_vector(0.0, 90.0) + np.sin(np.radians(degrees)) * unit_vector(x[0] + 90, 0.0)
    )


@pytest.fixture
def localise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, Path]]:
    """Runs the stage on a map; returns its report, or its failure, and the directory of its products."""

    def make(
        sky: SkyMap,
        search: dict[str, Any] | None = None,
        windows: Sequence[dict[str, Any]] | None = None,
        index: Path | None = None,
        *,
        draw: bool = False,
        simulated: str = "",
        kind: str = "circle",
        **given: Any,
    ) -> tuple[Any, Path]:
        if not draw:  # it takes longer than all the rest
            monkeypatch.setattr(Overview, "draw", lambda self, path: None)
        place = tmp_path / f"unit-{len(list(tmp_path.iterdir()))}"
        region = place.with_suffix(".region")
        region.mkdir()
        sky_map_hdus(sky).writeto(region / "sky_map.fits")
        (region / "sky_map.json").write_text(json.dumps({"source": {"kind": kind}}), encoding="utf-8")
        inputs: list[tuple[str, str, Path]] = [
            ("region", "job", region / name) for name in ("sky_map.fits", "sky_map.json")
        ]
        if search is not None:
            (region / "spi_acs_search.json").write_text(json.dumps(search), encoding="utf-8")
            inputs.append(("search", _KEY[:16], region / "spi_acs_search.json"))
            given["search"] = [_KEY]
        if simulated:
            hdus = fits.HDUList([fits.PrimaryHDU()])
            hdus[0].header["SIMULATD"] = simulated
            hdus.writeto(region / "spi_acs_search.fits")
            (region / "spi_acs_search.json").write_text(json.dumps(_search()), encoding="utf-8")
            inputs += [("search", _KEY[:16], region / f"spi_acs_search.{ending}") for ending in ("fits", "json")]
            given["search"] = [_KEY]
        if windows is not None:
            index = region / "odamesh-index.jsonl"
            ordered = sorted(windows, key=lambda one: float(one["t_start"]))
            index.write_text("".join(f"{json.dumps(one)}\n" for one in ordered), encoding="utf-8")
        if index is not None:
            inputs.append(("index", "archive", index))
        found, out = run(place, "localise", inputs, **{"t0": T0, **given})
        if "reason" in found:
            return found, out
        report = json.loads((out / "localisation.json").read_text(encoding="utf-8"))
        report["warnings"] = found["warnings"]
        return report, out

    return make


Localise = Callable[..., tuple[Any, Path]]


def test_gw170817_is_far_off_axis_and_its_limits_are_folded(localise: Localise) -> None:
    windows = [
        _at_t0(AXIS, (36.25, 40.2)),
        _window(2, "2017-08-18T08:00:00", "2017-08-18T08:50:00", AT2017GFO, (197.45, 66.6)),
    ]
    report, out = localise(circle(*AT2017GFO, 0.01, 0.9), _search(), windows, draw=True, distance=40.0)
    assert report["ijd"] == pytest.approx(6438.529324236, abs=1e-9)
    assert report["spacecraft"]["peak_to_axis_deg"] == pytest.approx(104.94, abs=0.01)
    imagers = {name: report["instruments"][name] for name in ("isgri", "jemx", "spi")}
    for one in imagers.values():
        assert one["prompt"]["probability"] == {"covered": 0.0, "half_coded": 0.0, "fully_coded": 0.0}
        assert one["follow_up"]["probability"]["fully_coded"] == pytest.approx(1.0)
    assert imagers["isgri"]["prompt"]["windows"][0]["overlap_s"] == pytest.approx(600.0)
    assert imagers["spi"]["prompt"]["status"] == "pointed, data not known"
    shield = report["instruments"]["spi_acs"]
    hard, _, long = shield["limits"]
    share = np.interp(104.94, [99, 118], [0.40, 0.50])
    assert hard["region_50"]["median"] == pytest.approx(1150 * 1.7e-10 / share, rel=1e-3)
    assert hard["isotropic_energy_erg"] == pytest.approx(
        4 * np.pi * (40 * 3.0857e24) ** 2 * hard["region_50"]["median"], rel=1e-3
    )
    assert long["flux_median_50"] == pytest.approx(long["region_50"]["median"] / 8)
    # Published: (1.4 +- 0.4 +- 0.6) 1e-7 erg/cm2.
    fluence = shield["excesses"][0]["fluence"]
    assert abs(fluence["value"] - 1.4e-7) < np.hypot(fluence["error_response"], 0.6e-7)
    assert "S/N 4.6 at T0+1.90 s in 0.1 s" in report["answer"]
    assert "IBIS/ISGRI: 0 % of the map in view at T0, 100 % later" in report["answer"]
    assert f"; 3 sigma limit {hard['region_50']['median']:.1e} erg/cm2 (hard, 1 s, 75-2000 keV); " in report["answer"]
    assert {path.name for path in out.glob("*.png")} == {"preview.png"}
    with fits.open(out / "localisation.fits", checksum=True) as hdus:
        assert {"UNIQ", "HARD_1S", "SOFT_1S", "SOFT_8S", "ISGRI_EXPOSURE"} <= set(hdus[1].columns.names)


@pytest.mark.parametrize("kind", ["circle", "whole sky"])
def test_the_regions_of_a_map_lie_beside_its_summary(localise: Localise, kind: str) -> None:
    _, out = localise(circle(10.0, 10.0, 3.0, 0.9) if kind == "circle" else whole_sky(), kind=kind)
    areas = {path.name: MOC.from_fits(str(path)).sky_fraction * SPHERE_DEG2 for path in out.glob("region_*.moc.fits")}
    if kind == "circle":
        assert areas["region_90.moc.fits"] == pytest.approx(np.pi * 3.0**2, rel=0.05)
        assert 0 < areas["region_50.moc.fits"] < 0.5 * areas["region_90.moc.fits"]
    else:
        assert not areas


def test_light_is_late_or_early_by_where_the_spacecraft_was(localise: Localise) -> None:
    # The documented place of 2023-08-12: a source in its direction reaches it 0.38983 s before the Earth.
    place = 116_867.9 * unit_vector(208.951, 52.770)
    search = _search(timing={"position_km": place.tolist(), "annulus": None})
    report, _ = localise(circle(208.951, 52.770, 1.0, 0.9), search)
    light = report["light_travel_s"]
    assert light["known"]
    assert light["at_peak"] == pytest.approx(-116_867.9 / LIGHT_KM_S, abs=2e-5)
    assert light["at_peak"] == pytest.approx(-0.38956, abs=1e-3)
    assert light["region_90"]["min"] <= light["at_peak"] <= light["region_90"]["max"]
    corrected = report["instruments"]["spi_acs"]["excesses"][0]["t_minus_t0_at_geocentre_s"]
    assert corrected["at_peak"] == pytest.approx(1.9 + 0.38983, abs=1e-4)
    report, _ = localise(circle(208.951, 52.770, 1.0, 0.9))
    assert (report["light_travel_s"]["known"], report["light_travel_s"]["region_90"]["max"]) == (False, 0.54)


@pytest.mark.parametrize(("roll", "seen"), [(0.0, False), (45.0, True)])
def test_the_field_of_isgri_is_square_so_its_roll_counts(localise: Localise, roll: float, *, seen: bool) -> None:
    axis = (100.0, 0.0)
    report, _ = localise(circle(116.0, 0.0, 0.01, 0.9), windows=[_at_t0(axis, _rolled(axis, roll))])
    covered = report["instruments"]["isgri"]["prompt"]["probability"]["covered"]
    assert covered == pytest.approx(1.0 if seen else 0.0, abs=1e-6)
    assert report["instruments"]["jemx"]["prompt"]["probability"]["covered"] == 0.0


@pytest.mark.parametrize(
    ("away", "shares"),
    [(0.0, (1.0, 1.0, 1.0)), (3.0, (1.0, 1.0, 0.0)), (5.0, (1.0, 0.0, 0.0)), (6.5, (0.0, 0.0, 0.0))],
)
def test_parts_of_the_field_of_jemx(localise: Localise, away: float, shares: tuple[float, float, float]) -> None:
    report, _ = localise(circle(100.0, away, 0.01, 0.9), windows=[_at_t0((100.0, 0.0), (10.0, 0.0))])
    found = report["instruments"]["jemx"]["prompt"]["probability"]
    assert tuple(found.values()) == pytest.approx(shares, abs=1e-6)


def test_several_windows_are_a_union_and_no_sum(localise: Localise) -> None:
    windows = [
        _window(2, "2017-08-17T20:00:00", "2017-08-17T20:50:00", (100.0, 0.0), (100.0, 90.0)),
        _window(3, "2017-08-17T21:00:00", "2017-08-17T21:50:00", (102.0, 0.0), (102.0, 90.0)),
        _window(4, "2017-09-17T21:00:00", "2017-09-17T21:50:00", (180.0, 0.0), (180.0, 90.0)),
    ]
    report, out = localise(circle(101.0, 0.0, 3.0, 0.9), windows=windows)
    later = report["instruments"]["isgri"]["follow_up"]
    assert later["windows_total"] == 2
    assert [one["probability"]["covered"] for one in later["windows"]] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert later["probability"]["covered"] == pytest.approx(1.0, abs=1e-3)
    assert later["exposure_50_s"]["mean"] == pytest.approx(6000.0, rel=0.05)
    area = MOC.from_fits(str(out / "field_isgri_follow_up.moc.fits")).sky_fraction * SPHERE_DEG2
    assert 750 < area < 1.3 * 855


def test_of_many_windows_those_that_cover_most_are_listed(localise: Localise) -> None:
    far = [
        _window(
            number,
            f"2017-08-18T{number // 4:02d}:{number % 4 * 15:02d}:00",
            f"2017-08-18T{number // 4:02d}:{number % 4 * 15 + 10:02d}:00",
            (200.0, 0.0),
            (200.0, 90.0),
        )
        for number in range(2, 62)
    ]
    near = _window(90, "2017-08-19T20:00:00", "2017-08-19T20:50:00", (100.0, 0.0), (100.0, 90.0))
    report, _ = localise(circle(101.0, 0.0, 1.0, 0.9), windows=[*far, near])
    later = report["instruments"]["isgri"]["follow_up"]
    assert (later["windows_total"], len(later["windows"])) == (61, 50)
    assert later["windows"][-1]["scw"] == near["scw"]


def test_a_localisation_of_simulated_data_says_so(localise: Localise) -> None:
    report, out = localise(circle(10.0, 10.0, 1.0, 0.9), simulated="odamesh simulator, seed 1")
    assert report["simulated"] == "odamesh simulator, seed 1"
    assert fits.getheader(out / "localisation.fits")["SIMULATD"] == "odamesh simulator, seed 1"
    assert localise(circle(10.0, 10.0, 1.0, 0.9))[0]["simulated"] is None


def test_what_the_earth_hides_is_neither_seen_nor_limited(localise: Localise) -> None:
    behind = (-100_000 * unit_vector(100.0, 0.0)).tolist()
    search = _search(timing={"position_km": behind, "annulus": None}, axis={"ra": 10.0, "dec": 0.0})
    report, _ = localise(circle(100.0, 0.0, 0.5, 0.9), search, [_at_t0((100.0, 0.0), (100.0, 90.0))])
    assert report["instruments"]["isgri"]["prompt"]["probability"]["covered"] == pytest.approx(0.0, abs=1e-12)
    hard = report["instruments"]["spi_acs"]["limits"][0]
    assert (hard["region_50"], hard["probability_without_limit"]) == (None, pytest.approx(1.0))
    assert "no limit of the map (100 % of it is behind the Earth), 2.0e-07 erg/cm2 from the best" in report["answer"]
    assert report["spacecraft"]["from_peak"]["earth"]["angle_deg"] < 0.2


def test_near_the_axis_nothing_is_published_and_no_limit_is_made_up(localise: Localise) -> None:
    report, _ = localise(circle(36.25, -49.8, 1.0, 0.9), _search())
    hard = report["instruments"]["spi_acs"]["limits"][0]
    assert (hard["best"], hard["probability_without_limit"]) == (None, pytest.approx(1.0))
    assert report["orientation"]["spi_acs"]["words"] == "unknown"
    why = "100 % of it is nearer to the X axis than 55 deg or farther than 157 deg, where no response is published"
    assert f"no limit of the map ({why}), 2.0e-07 erg/cm2 from the best direction (hard, 1 s" in report["answer"]


def test_a_limit_of_a_part_of_the_map_says_of_which(localise: Localise) -> None:
    report, _ = localise(circle(90.25, -49.8, 40.0, 0.9), _search())
    hard = report["instruments"]["spi_acs"]["limits"][0]
    known = 1 - hard["probability_without_limit"]
    assert 0.1 < known < 0.9
    limit = f"3 sigma limit {hard['region_50']['median']:.1e} erg/cm2 (hard, 1 s, 75-2000 keV)"
    assert f"{limit} for {100 * known:.3g} % of the map ({100 - 100 * known:.3g} % of it is nearer" in report["answer"]


def test_without_an_attitude_the_limit_is_that_of_any_direction(localise: Localise) -> None:
    report, _ = localise(circle(*AT2017GFO, 1.0, 0.9), _search(axis=None))
    told = "3 sigma limit 2.0e-07 to 5.6e-07 erg/cm2, by a direction that is not known (hard, 1 s, 75-2000 keV; "
    assert told in report["answer"]


def test_a_trigger_in_a_gap_of_the_counts_is_told(localise: Localise) -> None:
    row = {"reason": "BELTS", "text": "the shield was off: BELTS"}
    gap = row | {"begin_utc": "2017-08-17T12:36:04.430", "end_utc": "2017-08-17T12:41:10.000"}
    report, _ = localise(circle(*AT2017GFO, 1.0, 0.9), _search(missing=[gap], excesses=[]))
    assert "SPI-ACS: no data at T0 itself (the shield was off: BELTS), around it no excess; 3 sigma" in report["answer"]
    before = gap | {"end_utc": "2017-08-17T12:41:00.000"}
    report, _ = localise(circle(*AT2017GFO, 1.0, 0.9), _search(missing=[before], excesses=[]))
    assert "SPI-ACS: no excess; 3 sigma limit" in report["answer"]


def test_without_a_search_nothing_is_said_of_spi_acs_but_that(localise: Localise) -> None:
    report, _ = localise(circle(*AT2017GFO, 1.0, 0.9))
    assert "spi_acs" not in report["answers"]
    assert report["answer"].startswith("SPI-ACS: not asked, no search of it was given; ")


def test_a_window_beside_the_trigger_was_not_looking_at_it(localise: Localise) -> None:
    beside = _window(2, "2017-08-17T12:43:00", "2017-08-17T13:20:00", AT2017GFO, (197.45, 66.6))
    report, _ = localise(circle(*AT2017GFO, 0.1, 0.9), windows=[beside])
    assert "IBIS/ISGRI: 100 % of the map in view around T0, but not at T0 itself, 100 % later" in report["answer"]


def _slew(localise: Localise) -> Any:
    return localise(circle(10.0, 10.0, 1.0, 0.9), windows=[_at_t0(AXIS, (36.25, 40.2), sw_type="SLEW")])[0]


def _without_events(localise: Localise) -> Any:
    return localise(circle(10.0, 10.0, 1.0, 0.9), windows=[_at_t0(AXIS, (36.25, 40.2), files=["jmx2_events.fits"])])[0]


def _elsewhen(localise: Localise) -> Any:
    windows = [_window(2, "2017-08-16T20:00:00", "2017-08-16T20:50:00", AXIS, (36.25, 40.2))]
    return localise(circle(10.0, 10.0, 1.0, 0.9), windows=windows)[0]


def _no_index(localise: Localise) -> Any:
    return localise(circle(10.0, 10.0, 1.0, 0.9))[0]


@pytest.mark.parametrize(
    ("make", "status", "words", "short"),
    [
        (_slew, "slewing", "turned from one pointing to the next", "the spacecraft turned from one pointing"),
        (
            _without_events,
            "no data",
            "no IBIS/ISGRI events of science windows 185100010010.001",
            "the archive has no IBIS/ISGRI events of science windows 185100010010.001)",
        ),
        (
            _elsewhen,
            "no data",
            "the last one before it ended at 2017-08-16T20:50:00",
            "the archive has no science window from 2017-08-17T12:36:04 to 2017-08-17T12:46:04 (UTC))",
        ),
        (_no_index, "unknown", "no index", "the archive of this mesh has no index of science windows, so that"),
    ],
)
def test_nothing_is_told_with_its_reason(
    localise: Localise, make: Callable[[Localise], Any], status: str, words: str, short: str
) -> None:
    report = make(localise)
    prompt = report["instruments"]["isgri"]["prompt"]
    assert f"IBIS/ISGRI: no data at T0 ({short}" in report["answers"]["isgri"]
    assert prompt["status"] == status
    assert words in prompt["reason"]


def test_the_archives_own_index_tells_the_same(localise: Localise, tmp_path: Path) -> None:
    axis, names = (100.0, 0.0), ("SWID", "TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "SW_TYPE")
    row = _at_t0(axis, _rolled(axis, 45.0))
    values = [
        "185100010010",
        *(row[key] for key in ("t_start", "t_stop", "ra_x", "dec_x", "ra_z", "dec_z")),
        "POINTING",
    ]
    forms = ("12A", *("1D",) * 6, "12A")
    columns = [fits.Column(*entry[:2], array=[entry[2]]) for entry in zip(names, forms, values, strict=True)]
    table = fits.BinTableHDU.from_columns(columns, name="GROUPING")
    table.header["GRPNAME"] = "GNRL-SCWG-GRP-IDX"
    path = tmp_path / "GNRL-SCWG-GRP-IDX.fits"
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    sky = circle(114.0, 2.0, 2.0, 0.9)
    (one, _), (other, _) = localise(sky, windows=[row]), localise(sky, index=path)
    first, second = (report["instruments"]["isgri"]["prompt"] for report in (one, other))
    assert 0.2 < first["probability"]["covered"] == pytest.approx(second["probability"]["covered"], abs=1e-9)
    assert (first["status"], second["status"]) == ("observed", "pointed, data not known")


def test_an_annulus_cuts_the_map(localise: Localise) -> None:
    sky = circle(100.0, 0.0, 10.0, 0.9)
    report, out = localise(sky, annulus="160, 0, 60, 0.5")
    assert report["combined"]["area_90_deg2"] < 0.35 * report["sky_map"]["area_90_deg2"]
    assert (out / "combined_90.moc.fits").is_file()
    told = {"ra": 160.0, "dec": 0.0, "radius_deg": 60.0, "half_width_deg": 0.5, "baseline_s": 0.3}
    search = _search(timing={"position_km": [64350.6, 11715.3, 86380.2], "annulus": told})
    measured, _ = localise(sky, search)
    assert measured["combined"] == report["combined"]


def test_an_annulus_that_misses_the_map_is_told_and_left_out(localise: Localise) -> None:
    report, _ = localise(circle(100.0, 0.0, 0.1, 0.9), annulus="100, 0, 90, 0.5")
    assert report["combined"] is None
    assert "exclude each other" in report["warnings"][0]


@pytest.mark.parametrize(
    ("t0", "zenith", "status", "visible"),
    [
        (T0, "", "no data", None),
        ("2017-01-04T10:11:58.6", "", "in operation", None),
        ("2017-01-04T10:11:58.6", "10, 10", "in operation", 1.0),
        ("2017-01-04T10:11:58.6", "190, -10", "in operation", 0.0),
    ],
)
def test_the_earth_from_polar(localise: Localise, t0: str, zenith: str, status: str, visible: float | None) -> None:
    report, _ = localise(circle(10.0, 10.0, 1.0, 0.9), t0=t0, polar_zenith=zenith)
    polar = report["instruments"]["polar"]
    assert polar["status"] == status
    assert polar["visible"] == (None if visible is None else pytest.approx(visible, abs=1e-6))
    if visible is None:
        assert polar["reason"]


def test_a_third_of_the_sky_is_behind_the_earth_for_polar(localise: Localise) -> None:
    whole = SkyMap(np.zeros(12, np.int64), np.arange(12), np.full(12, 1 / (4 * np.pi)))
    report, _ = localise(whole, t0="2017-01-04T10:11:58.6", polar_zenith="50, 20")
    polar = report["instruments"]["polar"]
    assert polar["visible"] == pytest.approx((1 + np.cos(np.radians(70.4))) / 2, abs=0.005)
    assert polar["in_field"] == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"t0": ""}, "NoT0"),
        ({"t0": "yesterday"}, "BadT0"),
        ({"annulus": "1, 2, 3"}, "BadAnnulus"),
        ({"annulus": "1, 2, 3, 0"}, "BadAnnulus"),
        ({"search": {"limits": {"cases": []}}}, "BadSearch"),
        ({"windows": [{"t_start": 6438.5}]}, "BadIndex"),
    ],
)
def test_what_cannot_be_understood_is_told(localise: Localise, given: dict[str, Any], reason: str) -> None:
    failure, _ = localise(circle(10.0, 10.0, 1.0, 0.9), **given)
    assert (failure["kind"], failure["reason"]) == ("usage", reason)


def test_the_same_inputs_give_the_same_bytes(localise: Localise) -> None:
    def bytes_of() -> dict[str, bytes]:
        _, out = localise(circle(30.0, -45.0, 5.0, 0.9), _search(), [_at_t0(AXIS, (36.25, 40.2))])
        left_out = {"manifest.json", "steps.jsonl"}
        return {path.name: path.read_bytes() for path in out.iterdir() if path.name not in left_out}

    assert bytes_of() == bytes_of()
    assert float(angle_deg(unit_vector(*AXIS), unit_vector(*AT2017GFO))) == pytest.approx(104.94, abs=0.01)
