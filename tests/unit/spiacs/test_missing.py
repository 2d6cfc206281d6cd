"""Every part of an interval without counts has its reason: belts, lost packets, or an archive that lacks the time."""

import json
from pathlib import Path

import numpy as np
import pytest

from mesh.instruments import instrument
from science.bursts.curve import Curve
from science.bursts.instants import seconds_of_utc
from services.spiacs.analysis.counts_file import SLICE_S, OffTime
from services.spiacs.analysis.missing import missing_in
from services.spiacs.simulator.scenarios import SCENARIOS, write_archive
from tests.unit.spiacs.stage_runs import run_stage

_BELTS = OffTime(300.0, 500.0, "BELTS")


def _curve(*live: tuple[float, float], end_s: float = 1000.0) -> Curve:
    edges = np.arange(0.0, end_s, 0.5)
    flags = np.zeros(edges.size, dtype=bool)
    for begin, stop in live:
        flags |= (edges >= begin) & (edges < stop)
    return Curve(0.0, 0.5, flags * 100.0, flags)


def _told(curve: Curve, span: tuple[float, float], off: list[OffTime], slices: list[tuple[float, float]]) -> list[str]:
    return [f"{one.begin_s:g}-{one.end_s:g} {one.reason}" for one in missing_in(curve, span, off, slices)]


def test_the_length_of_a_slice_is_that_of_the_instrument() -> None:
    archive = instrument("spiacs").archive
    assert archive is not None
    assert archive.slice_s == SLICE_S


def test_a_gap_is_cut_where_its_reason_changes() -> None:
    curve = _curve((0, 290), (700, 1000))
    found = _told(curve, (0.0, 1000.0), [_BELTS], [(0.0, 600.0), (700.0, 1000.0)])
    assert found == ["290-300 TelemetryGap", "300-500 BELTS", "500-600 TelemetryGap", "600-700 NoData"]


def test_what_lies_before_and_after_all_slices_is_lacking() -> None:
    curve = _curve((0, 1000))
    assert _told(curve, (-50.0, 1020.0), [], [(0.0, 1000.0)]) == ["-50-0 NoData", "1000-1020 NoData"]
    assert _told(curve, (2000.0, 2100.0), [], [(0.0, 1000.0)]) == ["2000-2100 NoData"]
    assert _told(curve, (0.0, 1000.0), [], [(0.0, 1000.0)]) == []


def test_a_whole_slice_in_the_belts_gives_no_product_and_is_known_by_its_edges() -> None:
    curve = _curve((0, 300), (800, 1000))
    off = [OffTime(300.0, 400.0, "BELTS"), OffTime(600.0, 800.0, "BELTS")]
    (one, two, three) = missing_in(curve, (0.0, 1000.0), off, [(0.0, 400.0), (600.0, 1000.0)])
    assert (one.reason, two.reason, three.reason) == ("BELTS", "BELTS", "BELTS")
    assert (one.known, two.known) == (True, False)
    assert "off at its edges" in str(two)
    # One edge alone says nothing.
    assert _told(curve, (0.0, 1000.0), off[:1], [(0.0, 400.0), (600.0, 1000.0)])[1] == "400-600 NoData"


@pytest.mark.timeout(120)
def test_from_one_revolution_to_the_next(tmp_path: Path) -> None:
    labels = write_archive(tmp_path / "archive", "acs-belts")
    products = []
    for label in labels:
        source = tmp_path / "archive" / "slices" / "spiacs" / label[:4] / label / "acs_counts.fits.gz"
        told, out = run_stage(tmp_path / label, "counts", label, [(label, source)])
        if told.get("reason") != "InstrumentOff":
            products.append((label, out / "spiacs_counts.fits.gz"))
    assert 4 < len(products) < len(labels)
    span = SCENARIOS["acs-belts"].span
    manifest, out = run_stage(tmp_path / "lc", "light_curve", "job", products, span, time_bin=10)
    report = json.loads((out / "spi_acs_lc.json").read_text())
    assert {one["reason"] for one in report["missing"]} == {"TelemetryGap", "BELTS", "NoData"}
    belts = [one for one in report["missing"] if one["reason"] == "BELTS"]
    listed = (tmp_path / "archive" / "aux" / "spiacs" / "off.csv").read_text().splitlines()[1].split(",")
    for utc, truth in ((belts[0]["begin_utc"], listed[0]), (belts[-1]["end_utc"], listed[1])):
        assert seconds_of_utc(utc) == pytest.approx(seconds_of_utc(truth), abs=10)
    assert "the shield was off: BELTS" in manifest["warnings"][0]
    (absent,) = [one for one in report["missing"] if one["reason"] == "NoData"]
    assert "the archive has no data from 2017-08-18T07:58" in absent["text"]
