"""What is said of the data of a time: there, not there, and why."""

import gzip
from pathlib import Path

import pytest

from mesh.archive.index import COMPACT_PATH, Entry
from mesh.archive.scw import ScwId
from mesh.archive.times import ijd_from_utc
from mesh.contracts.transient import InstrumentRecord
from services.triggers.data_status import DataStatus

_DURING = "2017-08-17T12:41:04.430Z"
_DAY_S = 86400.0
_EVENTS = "scw/1852/185200050010.001/isgri_events.fits.gz"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with one slice of SPI-ACS, one time of it being off, a pointing and a slew."""
    ijd = ijd_from_utc(_DURING)
    hour = int(ijd % 1 * 24)
    (tmp_path / "idx/slices").mkdir(parents=True)
    (tmp_path / "idx/slices/spiacs.txt").write_text(f"{int(ijd)}-{hour:02d} acs_counts.fits.gz\n")
    _write_counts(tmp_path)
    (tmp_path / "aux/spiacs").mkdir(parents=True)
    (tmp_path / "aux/spiacs/off.csv").write_text("start,stop,reason\n2017-08-18T00:00:00,2017-08-18T06:00:00,BELTS\n")
    windows = [
        _window("185200050010", "POINTING", ijd - 0.01, ijd + 0.01, ("isgri_events.fits.gz",)),
        _window("185200060021", "SLEW", ijd + 0.01, ijd + 0.02, ()),
    ]
    _write_file(tmp_path / _EVENTS, {})
    (tmp_path / COMPACT_PATH).parent.mkdir(parents=True)
    (tmp_path / COMPACT_PATH).write_text("".join(f"{one.to_json()}\n" for one in windows))
    return tmp_path


def _write_counts(archive: Path, utc: str = _DURING, **cards: str) -> Path:
    """Write the file of the slice of a time, with some cards in its header."""
    ijd = ijd_from_utc(utc)
    label = f"{int(ijd)}-{int(ijd % 1 * 24):02d}"
    return _write_file(archive / f"slices/spiacs/{int(ijd)}/{label}/acs_counts.fits.gz", cards)


def _write_file(path: Path, cards: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = {"SIMPLE": "T", "BITPIX": "8", "NAXIS": "0", **cards}
    text = "".join(f"{name:8s}= {value}".ljust(80) for name, value in lines.items()) + "END".ljust(80)
    path.write_bytes(gzip.compress(text.ljust(2880).encode()))
    return path


def _window(scw: str, kind: str, begin: float, end: float, files: tuple[str, ...]) -> Entry:
    return Entry(
        scw=ScwId.parse(f"{scw}.001"),
        t_start=begin,
        t_stop=end,
        ra_x=36.25,
        dec_x=-49.8,
        ra_z=0.0,
        dec_z=40.0,
        sw_type=kind,
        telapse=(end - begin) * _DAY_S,
        files=files,
    )


def _told(archive: Path | str, utc: str | None) -> dict[str, InstrumentRecord]:
    return {one.instrument: one for one in DataStatus(str(archive)).of(utc)}


def test_data_that_are_there_are_named(archive: Path) -> None:
    told = _told(archive, _DURING)
    assert {name: one.status for name, one in told.items()} == {
        "spiacs": "data",
        "isgri": "data",
        "jemx": "no-data",
        "polar": "no-data",
    }
    assert told["isgri"].windows == ("185200050010.001",)
    assert told["spiacs"].windows[0].endswith("-12")
    assert (told["jemx"].reason, told["polar"].reason) == ("NoEvents", "NotOperating")


@pytest.mark.parametrize(
    ("utc", "isgri", "jemx"),
    [
        ("2017-08-17T12:00:00.000Z", 1, 0),
        ("2017-08-05T12:00:00.000Z", 1, 0),
        ("2017-08-02T12:00:00.000Z", 0, 0),
        (_DURING, 0, 0),
        ("2017-08-18T12:00:00.000Z", 0, 0),
    ],
)
def test_windows_of_the_two_weeks_after_a_trigger_are_counted(archive: Path, utc: str, isgri: int, jemx: int) -> None:
    told = _told(archive, utc)
    assert (told["isgri"].later, told["jemx"].later, told["spiacs"].later) == (isgri, jemx, 0)


@pytest.mark.parametrize(
    ("cards", "right"),
    [
        ({"SIMULATD": "'odamesh simulator, seed 1'"}, "odamesh simulator, seed 1"),
        ({}, ""),
    ],
)
def test_simulated_data_are_told_from_measured_ones(archive: Path, cards: dict[str, str], right: str) -> None:
    _write_counts(archive, **cards)
    told = _told(archive, _DURING)["spiacs"]
    assert (told.status, told.simulated) == ("data", right)
    assert ("simulated data" in told.text) is bool(right)


@pytest.mark.parametrize(
    ("utc", "status"), [(_DURING, "data"), ("2017-08-05T12:00:00.000Z", "no-data")], ids=["at the time", "later"]
)
def test_simulated_windows_are_told_from_measured_ones(archive: Path, utc: str, status: str) -> None:
    _write_file(archive / _EVENTS, {"SIMULATD": "'odamesh simulator'"})
    told = _told(archive, utc)["isgri"]
    assert (told.status, told.simulated) == (status, "odamesh simulator")
    _write_file(archive / _EVENTS, {})
    assert _told(archive, utc)["isgri"].simulated == ""
    (archive / _EVENTS).unlink()
    assert _told(archive, utc)["isgri"].status == ("unknown" if status == "data" else "no-data")


@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_what_cannot_be_read_is_not_taken_for_measured_and_looked_at_again(archive: Path, damage: str) -> None:
    simulation, now = "odamesh simulator, seed 1", [0.0]
    path = _write_counts(archive, SIMULATD=f"'{simulation}'")
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:20] if damage == "cut" else b"")
    status = DataStatus(str(archive), clock=lambda: now[0])
    told = status.of(_DURING)[0]
    assert (told.status, told.reason, told.simulated) == ("unknown", "FileUnreadable", "")
    path.write_bytes(whole)
    now[0] = 31.0
    told = status.of(_DURING)[0]
    assert (told.status, told.simulated) == ("data", simulation)


def test_a_slice_without_a_file_of_counts_has_no_data(archive: Path) -> None:
    listed = archive / "idx/slices/spiacs.txt"
    listed.write_text(listed.read_text().replace("acs_counts.fits.gz", ".half.acs_counts.fits.gz"))
    told = _told(archive, _DURING)["spiacs"]
    assert (told.status, told.reason) == ("no-data", "NotInArchive")


def test_what_an_archive_said_stands_while_it_is_away(archive: Path) -> None:
    now = [0.0]
    status = DataStatus(str(archive), clock=lambda: now[0])
    before = status.of(_DURING)
    archive.rename(archive.with_name("away"))
    now[0] = 31.0
    assert status.of(_DURING) == before
    assert {one.status for one in status.of("2017-08-17T12:41:05.000Z")} >= {"unknown"}


@pytest.mark.parametrize(
    ("utc", "instrument", "reason", "words"),
    [
        ("2026-04-28T12:08:33.000Z", "spiacs", "NotOperating", "operations ended on 2025-02-28"),
        ("2025-03-01T00:00:00.000Z", "isgri", "NotOperating", "operations ended on 2025-02-28"),
        ("2002-01-01T00:00:00.000Z", "isgri", "NotOperating", "operations began on 2002-10-17"),
        ("1995-01-01T00:00:00.000Z", "spiacs", "NotOperating", "from 2002-10-17 to 2025-02-28"),
        ("2017-05-01T00:00:00.000Z", "polar", "NotOperating", "operations ended on 2017-04-01"),
        ("2017-01-01T00:00:00.000Z", "polar", "NotInArchive", "has none of POLAR"),
        ("2010-01-01T00:00:00.000Z", "spiacs", "NotInArchive", "no slice"),
        ("2010-01-01T00:00:00.000Z", "isgri", "NotInArchive", "no science window"),
        ("2017-08-18T03:00:00.000Z", "spiacs", "InstrumentOff", "BELTS"),
        ("2017-08-17T13:00:00.000Z", "isgri", "NoEvents", "a slew, no pointing"),
        ("2016-12-31T23:59:60.500Z", "spiacs", "NotInArchive", "no slice"),
    ],
)
def test_why_there_are_none_is_told(archive: Path, utc: str, instrument: str, reason: str, words: str) -> None:
    told = _told(archive, utc)[instrument]
    assert (told.status, told.reason) == ("no-data", reason)
    assert words in told.text


def test_without_a_time_nothing_is_asked(archive: Path) -> None:
    assert {one.status for one in _told(archive, None).values()} == {"not-asked"}


def test_an_archive_that_cannot_be_read_is_not_known_and_its_address_not_told(tmp_path: Path) -> None:
    for told in _told(tmp_path / "secret-place", _DURING).values():
        assert told.status == ("no-data" if told.instrument == "polar" else "unknown")
        assert "secret-place" not in told.text
    assert _told("", _DURING)["spiacs"].reason == "NoArchive"


def test_an_archive_without_science_windows_has_none_of_the_imagers(archive: Path) -> None:
    (archive / COMPACT_PATH).unlink()
    told = _told(archive, _DURING)
    assert (told["isgri"].status, told["isgri"].reason) == ("no-data", "NotInArchive")
    assert told["spiacs"].status == "data"


def test_what_was_read_is_looked_at_again_after_a_while(archive: Path) -> None:
    now = [0.0]
    status = DataStatus(str(archive), clock=lambda: now[0])
    assert status.of("2010-01-01T00:00:00.000Z")[0].status == "no-data"
    listed = archive / "idx/slices/spiacs.txt"
    listed.write_text(f"{listed.read_text()}{int(ijd_from_utc('2010-01-01T00:00:00'))}-00 acs_counts.fits.gz\n")
    _write_counts(archive, "2010-01-01T00:00:00")
    assert status.of("2010-01-01T00:00:00.000Z")[0].status == "no-data"
    now[0] = 60.0
    assert status.of("2010-01-01T00:00:00.000Z")[0].status == "data"


@pytest.mark.parametrize(
    ("off", "status", "reason"),
    [
        ("2017-08-17T12:00:00,2017-08-17T12:55:00", "no-data", "InstrumentOff"),
        ("2017-08-17T12:00:00,2017-08-17T12:41:30", "data", "Available"),
        ("2017-08-17T12:40:30,2017-08-17T12:55:00", "data", "Available"),
        ("2017-08-17T12:00:00,2017-08-17T12:41:00", "data", "Available"),
    ],
)
def test_a_slice_in_which_it_was_off_at_the_trigger_is_no_data(
    archive: Path, off: str, status: str, reason: str
) -> None:
    (archive / "aux/spiacs/off.csv").write_text(f"start,stop,reason\n{off},BELTS\n")
    _write_counts(archive, SIMULATD="'odamesh simulator, seed 1'")
    told = _told(archive, _DURING)["spiacs"]
    assert (told.status, told.reason, told.simulated) == (status, reason, "odamesh simulator, seed 1")
    assert ("BELTS from 2017-08-17T12:00:00" in told.text) is (status == "no-data")
    assert told.analysable, "where the spacecraft looked can be told of either"
