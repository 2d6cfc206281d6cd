"""Event lists of other layouts and the real responses; polarisation of made angles."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.instants import epoch_s, seconds_of_utc
from services.polar.analysis.events import Events, curve_of, read_responses, spans_of
from services.polar.analysis.polarisation import TooFewEvents, measure_polarisation
from services.polar.analysis.polarisation_response import read_modulation
from services.polar.analysis.raw_events import read_raw_events
from services.polar.analysis.response import for_fits, read_response
from services.polar.simulator.polarisation_response import write_polarisation_response
from tests.unit.polar.response_file import write_response


def events_file(path: Path, **header: object) -> Path:
    columns = [
        fits.Column("TIME", "1D", unit="s", array=[3.0, 1.0, 2.0, np.nan]),
        fits.Column("DEADFRAC", "1E", array=[0.1, 0.1, np.nan, 0.1]),
        fits.Column("ENERGY", "1E", unit="keV", array=[30.0, 10.0, 20.0, 5.0]),
        fits.Column("SA", "1E", unit="deg", array=[359.0, -1.0, 10.0, 3.0]),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="POLEVENTS")
    for key, value in header.items():
        table.header[key] = value
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def test_times_of_either_scale_and_reference(tmp_path: Path) -> None:
    tt = read_raw_events(events_file(tmp_path / "tt", MJDREF=57754.0, TIMESYS="TT")).events
    utc = read_raw_events(events_file(tmp_path / "utc", MJDREFI=57754, MJDREFF=0.0, TIMESYS="UTC")).events
    assert tt.energy_kev.tolist() == [10, 20, 30]
    assert tt.time_s[0] == pytest.approx(seconds_of_utc("2017-01-01T00:00:01") - 69.184)
    assert utc.time_s[0] == pytest.approx(seconds_of_utc("2017-01-01T00:00:01"))
    assert np.isnan(tt.angle_deg).tolist() == [True, False, False]
    assert tt.dead.tolist() == [pytest.approx(0.1), 0.0, pytest.approx(0.1)]
    with pytest.raises(BadInput, match="no usual origin"):
        read_raw_events(events_file(tmp_path / "none"))
    with pytest.raises(BadInput, match="TIMESYS 'MARS' is not known"):
        read_raw_events(events_file(tmp_path / "mars", MJDREF=57754.0, TIMESYS="MARS"))


@pytest.mark.parametrize(("day", "system"), [(51544.0, "TT"), (55197.0, "UTC"), (40587.0, "UTC")])
def test_times_without_an_origin_are_put_into_their_slice(tmp_path: Path, day: float, system: str) -> None:
    begin = seconds_of_utc("2017-01-14T22:00:00")
    path = events_file(tmp_path / "x")
    with fits.open(path) as hdus:
        hdus["POLEVENTS"].data["TIME"] += begin - epoch_s(day, 0.0, system)
        hdus.writeto(tmp_path / "moved")
    raw = read_raw_events(tmp_path / "moved", (begin, begin + 600))
    assert raw.events.time_s == pytest.approx([begin + 1, begin + 2, begin + 3], abs=1e-5)
    assert "does not say what its times count from" in raw.notes[0]
    with pytest.raises(BadInput, match="no usual origin"):
        read_raw_events(tmp_path / "moved", (begin + 5000, begin + 5600))


def test_live_bins_and_their_dead_time() -> None:
    events = Events(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20, 30]), np.array([0.1, 0.1, 0.3]), np.zeros(3))
    assert spans_of(events) == [(1.0, 3.0)]
    curve = curve_of(events, events, [(1.0, 2.0)], (0.0, 4.0, 0.5))
    assert curve.live.tolist() == [False, False, True, True, False, False, False, False]
    assert curve.counts.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert curve.share.tolist() == pytest.approx([0, 0, 0.9, 0.9, 0, 0, 0, 0], abs=1e-6)


@pytest.mark.parametrize("rate", [5.0, 150.0, 4000.0])
def test_what_is_a_gap_depends_on_the_rate(rate: float) -> None:
    random = np.random.default_rng(2)
    times = np.cumsum(random.exponential(1 / rate, 20_000))
    gap = 60 / rate
    times[10_000:] += gap
    flat = np.zeros(times.size)
    spans = spans_of(Events(times, flat, flat, flat))
    assert len(spans) == 2
    assert spans[1][0] - spans[0][1] == pytest.approx(gap, abs=20 / rate)


def test_a_response_folds(tmp_path: Path) -> None:
    with fits.open(write_response(tmp_path / "r")) as hdus:
        response = read_response(hdus[1:])
    assert np.allclose(response.area_cm2, 300.0)
    assert response.fold(np.full(150, 0.01)).sum() == pytest.approx(450.0)
    with pytest.raises(BadInput, match="cannot be read"):
        read_response([])


def test_real_responses(shared_data: Path) -> None:
    paths = sorted((shared_data / "polar").glob("*.rmfarf"))
    if not paths:
        pytest.skip(f"real data not found at {shared_data / 'polar'}")
    for path in paths:
        with fits.open(path) as hdus:
            response = read_response([hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)])
            area = np.asarray(hdus["SPECRESP"].data["SPECRESP"], dtype=float)
        assert response.matrix.shape == (150, 150)
        middle = response.energy_kev.mean(axis=1)
        if "170114A" in path.name:
            known = np.interp([50, 100, 200, 300, 500], middle, area)
            assert known == pytest.approx([20.5, 47.5, 272.5, 380.0, 423.0], rel=0.1)  # of the bin or the next
        # What the matrix sums to is the area where all channels count.
        assert response.area_cm2[(middle > 100) & (middle < 500)] == pytest.approx(
            area[(middle > 100) & (middle < 500)], rel=0.05
        )


def test_the_layout_of_a_real_event_list(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "polar" / "astrosat_czti_polevents_GRB161218B.fits"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    # Its header does not say what its times count from; POLAR's own days tell that it is AstroSat's 2010.
    guessed = read_raw_events(path)
    assert any("AstroSat" in note for note in guessed.notes)
    with fits.open(path) as hdus:
        hdus["POLEVENTS"].header["MJDREF"] = 55197.0
        hdus["POLEVENTS"].header["TIMESYS"] = "UTC"
        hdus.writeto(tmp_path / "czti.pevt", output_verify="silentfix")
    raw = read_raw_events(tmp_path / "czti.pevt")
    assert (raw.events.time_s.size, raw.responses) == (42_133, ())
    assert np.isfinite(raw.events.angle_deg).all()
    assert guessed.events.time_s == pytest.approx(raw.events.time_s, abs=1e-6)
    trigger = seconds_of_utc("2016-12-18T08:32:41.34")
    assert raw.events.time_s[0] < trigger < raw.events.time_s[-1]


def test_an_uneven_detector_is_divided_out() -> None:
    random = np.random.default_rng(3)
    flat = 1 + 0.4 * np.cos(np.radians(2 * (np.arange(40) * 9 + 4.5)))
    phi = random.uniform(0, 360, 60_000)
    seen = phi[random.uniform(0, flat.max(), phi.size) < flat[(phi / 9).astype(int)]]
    raw = measure_polarisation(seen, np.zeros(0), 0.0, 0.3)
    even = measure_polarisation(seen, np.zeros(0), 0.0, 0.3, flat)
    assert raw.degree > 1.0
    assert even.degree < 4 * even.error
    assert even.limit_99 < 0.3


def test_too_few_events() -> None:
    with pytest.raises(TooFewEvents, match="20 are needed"):
        measure_polarisation(np.zeros(10), np.zeros(0), 0.0, 0.3)


@pytest.mark.parametrize(("bins", "uneven"), [(40, 0.0), (8, 0.0), (40, 0.5)])
def test_a_polarisation_response_tells_modulation_frame_and_evenness(tmp_path: Path, bins: int, uneven: float) -> None:
    path = write_polarisation_response(tmp_path / "x.prsp", 0.35, bins=bins, uneven=uneven, turn_deg=-25.0)
    found = read_modulation(read_responses(path))
    assert found.amplitude == pytest.approx(0.35, rel=0.01)
    assert found.turn_deg == pytest.approx(-25.0, abs=0.3)
    assert found.band_kev == (20.0, 700.0)
    truth = 1 + uneven * np.cos(np.radians(2 * (np.arange(360) + 0.5)))
    assert found.flat == pytest.approx(truth, abs=0.08)


def test_wrong_polarisation_responses(tmp_path: Path) -> None:
    path = write_polarisation_response(tmp_path / "x.prsp", 0.35)
    with fits.open(path) as hdus:
        hdus["SABOUNDS"].data["SA_MAX"][-1] = 350.0
        hdus.writeto(tmp_path / "short.prsp")
    with fits.open(path) as hdus:
        hdus["SPECRESP POLMATRIX"].data = hdus["SPECRESP POLMATRIX"].data[:, :4]
        hdus.writeto(tmp_path / "few.prsp")
    for name, hint in (("short.prsp", "cover 0 to 360"), ("few.prsp", "ask for")):
        with pytest.raises(BadInput, match=hint):
            read_modulation(read_responses(tmp_path / name))
    fits.HDUList([fits.PrimaryHDU()]).writeto(tmp_path / "none.prsp")
    with pytest.raises(BadInput, match="is no response"):
        read_responses(tmp_path / "none.prsp")


def test_a_matrix_without_area_is_given_it(tmp_path: Path) -> None:
    with fits.open(write_response(tmp_path / "r")) as hdus:
        hdus["MATRIX"].data["MATRIX"] = np.eye(150)
        tables = for_fits([hdu.copy() for hdu in hdus[1:]])
    assert tables[0].data["MATRIX"].sum(axis=1) == pytest.approx(300.0)
    assert tables[0].header["HDUCLAS2"] == "RSP_MATRIX"
