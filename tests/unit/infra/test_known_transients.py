"""The events that the gallery is filled with: their notices, their maps, their simulated days."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from typer.testing import CliRunner

from infra.commands import transients
from infra.transients.known import GW170817, KNOWN, KnownTransient, MapsMissing, find_maps
from infra.transients.simulated_days import Day, day_of, simulate_day
from mesh.alerts.read import read_message
from mesh.archive.times import ijd_from_utc
from mesh.contracts.notice import Messenger, NoticeKind
from odamesh.errors import NoSuchThing
from science.sky_maps.credible import Credible
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import unit_vector
from services.localisation.analysis.limits import folded, limit_maps
from services.spiacs.analysis.response import HARD, limit_counts
from services.spiacs.simulator.orbit import BELTS_KM, position_km
from services.spiacs.simulator.scenarios import SCENARIOS

_SCENARIO = "acs-burst"


def test_each_event_is_a_real_one_with_its_map(shared_data: Path) -> None:
    maps = find_maps(shared_data)
    for one in KNOWN:
        body = one.with_map(maps[one.event_key])
        message = read_message(body)
        notice = message.notice
        assert (notice.event_key, notice.messenger, notice.test) == (one.event_key, Messenger.GW, False)
        assert (notice.aliases, notice.trigger_time, notice.kind) == (one.names, one.time, NoticeKind.UPDATE)
        assert notice.map is not None
        assert message.maps[notice.map.sha256] == maps[one.event_key].read_bytes()
        assert len(body) < 8 * 1024 * 1024
        assert one.with_map(maps[one.event_key]) == body, "twice the same is one notice"
    assert len({one.event_key for one in KNOWN}) == 7


def test_it_is_the_event_that_was_announced_at_the_time(shared_data: Path) -> None:
    told = read_message((shared_data / "alerts/lvk/G298048-1-Initial.xml").read_bytes()).notice
    later = read_message(GW170817.notice(ra=1.0, dec=2.0, ra_dec_error=3.0)).notice
    assert told.event_key == later.event_key
    assert (told.serial or 0) < (later.serial or 0)


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.names[0])
def test_each_event_has_its_hours_simulated(one: object) -> None:
    event = next(known for known in KNOWN if known is one)
    begin, end = SCENARIOS[event.scenario].span
    assert begin < event.time < end


_PUBLISHED = {"GW150914": (2e-8, 1e-6), "GW170104": (1.9e-7, 1e-6), "GW170814": (2.1e-7 / 1.5, 2.1e-7 * 1.5)}
"""Limits of a hard burst of 1 s, erg/cm2 in 75-2000 keV: Savchenko et al. 2016 and 2017, GCN 21478."""


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.names[0])
def test_the_limit_of_each_event_is_known_and_as_published(one: KnownTransient, shared_data: Path) -> None:
    scenario = SCENARIOS[one.scenario]
    in_belts = float(np.linalg.norm(position_km(np.array([ijd_from_utc(one.time)])))) < BELTS_KM
    assert in_belts is (one.names[0] == "GW151226"), "the shield was off in the belts alone"
    regions = Credible(read_sky_map(find_maps(shared_data)[one.event_key]))
    ratio = float(np.sqrt(1 + scenario.background.white))
    case = {"spectrum": "hard", "model": "", "scale_s": 1.0, "factor": HARD.factor}
    case["counts"] = limit_counts(scenario.background.rate, ratio, 1.0)
    hidden = np.zeros(regions.sky.order.size, dtype=bool)
    (limits,) = limit_maps(regions, {"limits": {"cases": [case]}}, unit_vector(*scenario.axis), hidden)
    told = folded(regions, limits, 0.2, None, hidden)["region_50"]
    assert told is not None
    lowest, highest = _PUBLISHED.get(one.names[0], (1e-7, 1e-6))
    assert lowest <= told["median"] <= highest


def test_maps_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(MapsMissing, match="is no directory"):
        find_maps(tmp_path / "absent")
    (tmp_path / "below").mkdir()
    for one in KNOWN[1:]:
        (tmp_path / "below" / one.map).touch()
    with pytest.raises(MapsMissing, match=f"has no {KNOWN[0].map}: put them there"):
        find_maps(tmp_path)


def test_a_day_is_simulated_once(tmp_path: Path) -> None:
    assert simulate_day(tmp_path, _SCENARIO) is Day.ABSENT
    files = sorted(tmp_path.rglob("acs_counts.fits.gz"))
    before = [path.stat().st_mtime_ns for path in files]
    assert fits.getheader(files[0])["SIMULATD"] == "odamesh simulator, acs-burst, seed 1"
    assert simulate_day(tmp_path, _SCENARIO) is Day.SIMULATED
    assert [path.stat().st_mtime_ns for path in files] == before


@pytest.mark.parametrize("part", ["slice", "index", "damage"])
def test_what_was_interrupted_is_done_again(tmp_path: Path, part: str) -> None:
    simulate_day(tmp_path, _SCENARIO)
    first = min(tmp_path.rglob("acs_counts.fits.gz"))
    match part:
        case "slice":
            first.unlink()
        case "index":
            (tmp_path / "idx/slices/spiacs.txt").unlink()
        case _:
            first.write_bytes(first.read_bytes()[:100])
    assert day_of(tmp_path, _SCENARIO) is Day.ABSENT
    simulate_day(tmp_path, _SCENARIO)
    assert day_of(tmp_path, _SCENARIO) is Day.SIMULATED


def test_measured_data_stay(tmp_path: Path) -> None:
    simulate_day(tmp_path, _SCENARIO)
    first = min(tmp_path.rglob("acs_counts.fits.gz"))
    with fits.open(first, mode="update") as hdus:
        del hdus[0].header["SIMULATD"]
    measured = first.read_bytes()
    assert simulate_day(tmp_path, _SCENARIO) is Day.MEASURED
    assert first.read_bytes() == measured
    assert simulate_day(tmp_path, _SCENARIO, own=True) is Day.MEASURED
    assert day_of(tmp_path, _SCENARIO) is Day.SIMULATED, "of an archive that holds no measured data nothing stays"


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    for one in KNOWN:
        (folder / one.map).write_bytes(b"a map")
    return folder


def _seed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(transients.app, ["seed", *words])
    return done.exit_code, " ".join(done.output.split())


def test_the_command_says_what_it_needs(tmp_path: Path, maps: Path) -> None:
    assert _seed("--maps", str(tmp_path / "absent")) == (
        2,
        f"error: {tmp_path}/absent is no directory: name the one with the sky maps, e.g. {KNOWN[0].map}",
    )
    status, told = _seed("--maps", str(maps), "--archive", "https://archive.example/")
    assert (status, "give one with --archive" in told) == (2, True)
    archive = tmp_path / "archive"
    status, told = _seed("--maps", str(maps), "--archive", str(archive), "--url", "http://127.0.0.1:9")
    assert status == 5, told
    assert not archive.exists(), "nothing is written for a mesh that is not there"


class Gateway:
    """Stands for the client's transport: a gateway that knows each notice after its first post."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []
        self.looks = 0
        self.taken_up: set[str] = set()

    def get(self, path: str, params: object = None) -> dict[str, object]:
        """Return an event, or its record: waiting at the first look."""
        if path.endswith("/record"):
            self.looks += 1
            state = "waiting" if self.looks == 1 else "COMPLETED"
            analyses = [{"state": state}]
            acs = {"instrument": "spiacs", "status": "data", "reason": "Available", "analyses": analyses}
            return {"instruments": [acs], "localisation": analyses, "answer": f"answer {self.looks}"}
        if "/events/" in path and path not in self.taken_up:
            self.taken_up.add(path)
            raise NoSuchThing("it is taken up in a moment")
        return {"record": 1, "versions": [{"receipt_id": "r"}]}

    def post_bytes(self, path: str, body: bytes) -> dict[str, object]:
        """Take a notice."""
        duplicate = body in self.posted
        self.posted.append(body)
        key = f"lvk:{json.loads(body)['id'][0]}"
        return {"receipt_id": "r", "event_key": key, "duplicate": duplicate, "remarks": ["odd"]}


def test_the_gallery_is_filled_and_a_second_time_nothing_is_done(
    tmp_path: Path, maps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway()
    monkeypatch.setattr(transients, "Transport", lambda *_, **__: gateway)
    days: dict[str, Day] = {}

    def simulate(archive: Path, scenario: str) -> Day:
        before = days.get(scenario, Day.ABSENT)
        days[scenario] = Day.SIMULATED
        return before

    monkeypatch.setattr(transients, "simulate_day", simulate)
    words = ("--maps", str(maps), "--archive", str(tmp_path / "archive"))
    status, told = _seed(*words)
    assert status == 0, told
    assert told.count("are simulated now") == told.count(": posted,") == 7
    assert "answer 2" in told, "the first record was not the last one"
    assert "answer 1 " not in told
    status, told = _seed(*words)
    assert told.count("were simulated before") == told.count(": came before,") == 7
    assert len({*gateway.posted}) == 7
