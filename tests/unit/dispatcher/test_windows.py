"""From a selection to archive inputs, on a small archive in a directory."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mesh.contracts import Selection, TimeRange
from mesh.errors import ArchiveUnavailable, BadInput, InvalidSelection
from mesh.instrument import Instrument
from mesh.instruments import instrument, known_instruments
from services.dispatcher.windows import WindowSource

LABELS = ("201600270010.001", "201600280010.001", "201600290010.001")


@pytest.fixture
def drills(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the drill instrument take part."""
    monkeypatch.setenv("ODAMESH_DRILLS", "1")
    known_instruments.cache_clear()
    yield
    known_instruments.cache_clear()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Make an archive of three windows; the index lists no file for the third."""
    write_index(tmp_path, {label: ["isgri_events.fits"] for label in LABELS[:2]} | {LABELS[2]: []})
    for label in LABELS[:2]:
        folder = tmp_path / "scw" / "2016" / label
        folder.mkdir(parents=True)
        (folder / "isgri_events.fits").write_bytes(label.encode())
    return tmp_path


def write_index(archive: Path, files: dict[str, list[str]] | dict[str, None]) -> None:
    entries = [
        {
            "scw": label,
            "t_start": 6876.0 + number,
            "t_stop": 6876.5 + number,
            "ra_x": 266.4,
            "dec_x": -29.0,
            "ra_z": 0.0,
            "dec_z": 0.0,
            "sw_type": "POINTING",
            "telapse": 2000.0,
            "files": names,
        }
        for number, (label, names) in enumerate(files.items())
    ]
    (archive / "idx" / "scw").mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(entry) for entry in entries]
    (archive / "idx" / "scw" / "odamesh-index.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def isgri() -> Instrument:
    return instrument("isgri")


def test_windows_with_their_files_and_stamps(archive: Path, isgri: Instrument) -> None:
    source = WindowSource(str(archive), 100)

    found = source.find(isgri, Selection(scws=(LABELS[1], "201600270010", LABELS[2], "2016")))

    assert list(found.inputs) == list(LABELS[:2])
    first = found.inputs[LABELS[0]]
    assert first is not None
    assert (first.role, first.path, first.files) == ("events", f"scw/2016/{LABELS[0]}", ("isgri_events.fits",))
    assert {window.scw: window.reason for window in found.rejected} == {
        LABELS[2]: "NoISGRIEvents",
        "2016": "MalformedScW",
    }


def test_another_content_is_another_stamp(archive: Path, isgri: Instrument) -> None:
    source = WindowSource(str(archive), 100)
    before = source.find(isgri, Selection(scws=LABELS[:1])).inputs[LABELS[0]]
    (archive / "scw" / "2016" / LABELS[0] / "isgri_events.fits").write_bytes(b"new")
    after = source.find(isgri, Selection(scws=LABELS[:1])).inputs[LABELS[0]]

    assert before is not None
    assert after is not None
    assert before.stamp != after.stamp


def test_a_changed_index_is_read_again(archive: Path, isgri: Instrument) -> None:
    source = WindowSource(str(archive), 100)
    whole = Selection(time=TimeRange(t1="2018-10-01T00:00:00", t2="2018-12-01T00:00:00"))
    assert list(source.find(isgri, whole).inputs) == list(LABELS[:2])

    write_index(archive, {LABELS[0]: ["isgri_events.fits"]})

    assert list(source.find(isgri, whole).inputs) == [LABELS[0]]


def test_files_far_away_are_asked_for_side_by_side(archive: Path, isgri: Instrument) -> None:
    """Each HEAD is answered only when two are asked at once: one after the other, planning would never end."""
    meeting = threading.Barrier(2)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name given by the base class
            """Write nothing."""

        def do_HEAD(self) -> None:
            if "/scw/2016/" in self.path:
                meeting.wait(timeout=30)
            super().do_HEAD()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(archive))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = WindowSource(f"http://127.0.0.1:{server.server_port}", 100)
        found = source.find(isgri, Selection(scws=LABELS[:2]))
        server.shutdown()

    assert list(found.inputs) == list(LABELS[:2])
    assert not meeting.broken


def test_where_the_index_does_not_tell_every_name_is_tried(archive: Path, isgri: Instrument) -> None:
    write_index(archive, dict.fromkeys(LABELS))

    found = WindowSource(str(archive), 100).find(isgri, Selection(scws=LABELS))

    assert list(found.inputs) == list(LABELS[:2])
    assert [(window.scw, window.reason) for window in found.rejected] == [(LABELS[2], "NoISGRIEvents")]


def test_nothing_left_says_why(archive: Path, isgri: Instrument) -> None:
    with pytest.raises(InvalidSelection, match="none of the 1 science windows can be analysed"):
        WindowSource(str(archive), 100).find(isgri, Selection(scws=(LABELS[2],)))
    write_index(archive, dict.fromkeys(LABELS))
    with pytest.raises(InvalidSelection, match="none of the 1 science windows can be analysed"):
        WindowSource(str(archive), 100).find(isgri, Selection(scws=(LABELS[2],)))


def test_no_archive_is_told_from_a_bad_one(tmp_path: Path, isgri: Instrument) -> None:
    selection = Selection(scws=LABELS)
    with pytest.raises(ArchiveUnavailable, match="ODAMESH_ARCHIVE"):
        WindowSource("", 100).find(isgri, selection)
    with pytest.raises(ArchiveUnavailable, match="cannot be opened") as caught:
        WindowSource(str(tmp_path / "nowhere"), 100).find(isgri, selection)
    assert str(tmp_path) not in caught.value.text, "callers need not know where the archive is"
    with pytest.raises(BadInput, match="odamesh archive index"):
        WindowSource(str(tmp_path), 100).find(isgri, selection)


def test_an_instrument_without_archive_takes_labels_as_given(drills: None) -> None:
    source, noop = WindowSource("", 100), instrument("noop")

    found = source.find(noop, Selection(scws=("201600280010", "201600270010", "201600280010", "x")))

    assert list(found.inputs) == ["201600280010", "201600270010"]
    assert [window.reason for window in found.rejected] == ["MalformedScW"]
    with pytest.raises(InvalidSelection, match="give it a list"):
        source.find(noop, Selection(time=TimeRange(t1="2018-10-01T00:00:00", t2="2018-12-01T00:00:00")))
    with pytest.raises(InvalidSelection, match="none of the 1"):
        source.find(noop, Selection(scws=("x",)))


def test_files_of_all_units_of_an_instrument_are_taken_together(archive: Path) -> None:
    write_index(archive, {LABELS[0]: ["jmx1_events.fits", "jmx2_events.fits"], LABELS[1]: ["jmx2_events.fits"]})
    for label, unit in ((LABELS[0], 1), (LABELS[0], 2), (LABELS[1], 2)):
        (archive / "scw" / "2016" / label / f"jmx{unit}_events.fits").write_bytes(f"{label} {unit}".encode())
    selection = Selection(scws=LABELS[:2])

    found = WindowSource(str(archive), 100).find(instrument("jemx"), selection)

    both, one = (found.inputs[label] for label in LABELS[:2])
    assert both is not None
    assert one is not None
    assert both.files == ("jmx1_events.fits", "jmx2_events.fits")
    assert one.files == ("jmx2_events.fits",)
    (archive / "scw" / "2016" / LABELS[0] / "jmx2_events.fits").write_bytes(b"another version")
    changed = WindowSource(str(archive), 100).find(instrument("jemx"), selection).inputs[LABELS[0]]
    assert changed is not None
    assert changed.stamp != both.stamp


def test_more_windows_than_a_request_may_have_are_refused(archive: Path, drills: None) -> None:
    source, isgri = WindowSource(str(archive), 1), instrument("isgri")
    with pytest.raises(InvalidSelection, match=r"science windows are more .*; give a shorter list") as caught:
        source.find(isgri, Selection(scws=LABELS))
    assert (caught.value.field, caught.value.allowed) == ("selection.scws", "at most 1")
    span = TimeRange(t1="2002-12-01T00:00:00", t2="2024-12-01T00:00:00")
    with pytest.raises(InvalidSelection, match=r"science windows are more .* a cone or max_pointings"):
        source.find(isgri, Selection(time=span))
    assert len(source.find(isgri, Selection(time=span, max_pointings=1)).inputs) == 1
    with pytest.raises(InvalidSelection, match="give a shorter list"):
        source.find(instrument("noop"), Selection(scws=LABELS))
