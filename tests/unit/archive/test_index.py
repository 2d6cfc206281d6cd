"""The index of an archive: compact form, the archive's own FITS form, and how it is built."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.archive.build import build_index
from mesh.archive.directory import DirectoryArchive
from mesh.archive.index import COMPACT_PATH, FITS_PATHS, Entry, Index, fits_entries, read_index
from mesh.archive.scw import ScwId
from mesh.errors import BadInput
from tests.unit.archive.windows import entry, small_index


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "idx" / "scw").mkdir(parents=True)
    return tmp_path


def events_header(**changes: object) -> fits.Header:
    values: dict[str, object] = {
        "TSTART": 6876.1,
        "TSTOP": 6876.2,
        "RA_SCX": 266.4,
        "DEC_SCX": -29.0,
        "RA_SCZ": 266.4,
        "DEC_SCZ": 61.0,
        "SW_TYPE": "POINTING",
    }
    return fits.Header(cards=list((values | changes).items()))


def write_events(root: Path, scw: str, header: fits.Header) -> Path:
    path = root / "scw" / scw[:4] / scw / "isgri_events.fits.gz"
    path.parent.mkdir(parents=True)
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "1D", array=np.zeros(1000))], header=header)
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def real_index(shared_data: Path) -> bytes:
    return (shared_data / "orbit-attitude-index" / "swg_idx_spi_rev0338-field99.fits").read_bytes()


def test_a_line_of_the_compact_index_gives_the_entry_back() -> None:
    for files in (("isgri_events.fits.gz", "swg.fits"), (), None):
        one = entry("201600270010.001", "2018-10-29T03:00:00", files=files)
        assert Entry.from_json(one.to_json()) == one


def test_windows_are_found_by_identifier() -> None:
    index = small_index()
    newest = index.find(ScwId.parse("201600280010"))
    assert newest is not None
    assert newest.scw.version == "001"
    assert index.find(ScwId.parse("201600280010.002")) is None
    assert index.find(ScwId.parse("201600310010")) is None
    assert [item.scw.version for item in index.versions("201600280010")] == ["000", "001"]
    assert len(list(index.newest())) == len(index) - 1


def test_the_first_file_that_exists_is_taken() -> None:
    one = entry("201600270010.001", "2018-10-29T03:00:00", files=("b.fits", "c.fits"))
    assert one.file(("a.fits", "b.fits", "c.fits")) == "scw/2016/201600270010.001/b.fits"
    assert one.file(("a.fits",)) is None


def test_the_real_fits_index_reads_as_astropy_reads_it(shared_data: Path, root: Path) -> None:
    (root / FITS_PATHS[0]).write_bytes(real_index(shared_data))
    index = read_index(DirectoryArchive(root))
    with fits.open(root / FITS_PATHS[0]) as hdus:
        rows = {row["SWID"]: row for row in hdus[1].data}
        assert len(index) == len(rows) == 20
        for item in index:
            row = rows[item.scw.swid]
            numbers = [row[name] for name in ("TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "TELAPSE")]
            expected = [float(number) for number in numbers]
            assert [item.t_start, item.t_stop, item.ra_x, item.dec_x, item.ra_z, item.dec_z, item.telapse] == expected
            assert (item.sw_type, item.scw.version, item.files) == (row["SW_TYPE"], "001", None)


def test_the_compact_index_goes_before_the_fits_index(shared_data: Path, root: Path) -> None:
    (root / FITS_PATHS[0]).write_bytes(real_index(shared_data))
    (root / COMPACT_PATH).write_text(entry("201600270010.001", "2018-10-29T03:00:00").to_json() + "\n")
    assert [str(item.scw) for item in read_index(DirectoryArchive(root))] == ["201600270010.001"]


def test_an_archive_without_index_says_how_to_make_one(root: Path) -> None:
    with pytest.raises(BadInput, match="odamesh archive index") as caught:
        read_index(DirectoryArchive(root))
    assert caught.value.reason == "NoArchiveIndex"


@pytest.mark.parametrize("line", ["not json", "{}", '{"scw":"201600270010.001"}', "[]", '{"scw":3,"files":null}'])
def test_a_damaged_compact_index_names_the_line(root: Path, line: str) -> None:
    (root / COMPACT_PATH).write_text(entry("201600270010.001", "2018-10-29T03:00:00").to_json() + f"\n{line}\n")
    with pytest.raises(BadInput, match="line 2") as caught:
        read_index(DirectoryArchive(root))
    assert caught.value.reason == "ArchiveIndexCorrupted"


def test_a_damaged_fits_index_says_so(shared_data: Path, root: Path) -> None:
    whole = real_index(shared_data)
    for damaged in (b"hello", whole[:4000], whole[:-6000], whole.replace(b"GNRL-SCWG-GRP-IDX", b"GNRL-OTHR-GRP-IDX")):
        (root / FITS_PATHS[0]).write_bytes(damaged)
        with pytest.raises(BadInput, match="cannot be read"):
            read_index(DirectoryArchive(root))


def test_a_column_that_is_no_scalar_is_refused(root: Path) -> None:
    table = fits.BinTableHDU.from_columns([fits.Column("SWID", "2D", array=np.zeros((3, 2)))])
    table.header["GRPNAME"] = "GNRL-SCWG-GRP-IDX"
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(root / FITS_PATHS[0])
    with pytest.raises(ValueError, match="no scalar column SWID"):
        fits_entries((root / FITS_PATHS[0]).read_bytes())


def test_building_from_event_headers(root: Path) -> None:
    write_events(root, "201600270010.001", events_header())
    write_events(root, "201600270021.001", events_header(TSTART=6876.0, TSTOP=6876.1, SW_TYPE="SLEW"))
    entries, problems = build_index(root)
    assert problems == []
    assert [(str(item.scw), item.sw_type) for item in entries] == [
        ("201600270021.001", "SLEW"),
        ("201600270010.001", "POINTING"),
    ]
    assert entries[1].files == ("isgri_events.fits.gz",)
    assert entries[1].telapse == pytest.approx(8640.0)
    assert (entries[1].ra_x, entries[1].dec_z) == (266.4, 61.0)
    assert read_index(DirectoryArchive(root)).entries == tuple(entries)


def test_building_joins_the_fits_index_with_what_is_on_disk(shared_data: Path, root: Path) -> None:
    (root / FITS_PATHS[0]).write_bytes(real_index(shared_data))
    listed = Index(fits_entries(real_index(shared_data))[0], "real").entries[0]
    folder = root / listed.scw.path
    folder.mkdir(parents=True)
    (folder / "isgri_events.fits.gz").write_bytes(b"")
    entries, problems = build_index(root)
    assert problems == []
    assert len(entries) == 20
    assert [item.scw for item in entries if item.files] == [listed.scw]
    assert all(item.files == () for item in entries if item.scw != listed.scw)


def test_building_names_windows_that_cannot_be_used(root: Path) -> None:
    write_events(root, "201600270010.001", events_header())
    write_events(root, "201600280010.001", events_header(TSTART="Real"))
    damaged = write_events(root, "201600290010.001", events_header())
    damaged.write_bytes(gzip.compress(gzip.decompress(damaged.read_bytes())[:3000]))
    torn = write_events(root, "201600300010.001", events_header())
    torn.write_bytes(torn.read_bytes()[:60])
    (root / "scw" / "2016" / "201600310010.001").mkdir()
    entries, problems = build_index(root)
    assert [str(item.scw) for item in entries] == ["201600270010.001"]
    assert [line[:12] for line in problems] == ["201600280010", "201600290010", "201600300010", "201600310010"]
    assert "TSTART is no number" in problems[0]


@pytest.mark.parametrize("key", ["TSTART", "TSTOP", "RA_SCX", "DEC_SCZ"])
def test_building_leaves_out_a_window_whose_header_says_nan_and_says_so(root: Path, key: str) -> None:
    write_events(root, "201600270010.001", events_header())
    path = write_events(root, "201600280010.001", events_header())
    content = gzip.decompress(path.read_bytes())
    start = content.index(f"{key:8}=".encode())
    path.write_bytes(gzip.compress(content[: start + 10] + b"                 NaN" + content[start + 30 :]))
    entries, problems = build_index(root)
    assert [str(item.scw) for item in entries] == ["201600270010.001"]
    assert problems == [f"201600280010.001: isgri_events.fits.gz: {key} is no number"]
    assert len(read_index(DirectoryArchive(root))) == 1


def test_building_refuses_a_window_that_ends_before_it_starts(root: Path) -> None:
    write_events(root, "201600270010.001", events_header())
    write_events(root, "201600280010.001", events_header(TSTOP=6876.0))
    _, problems = build_index(root)
    assert "before it starts" in problems[0]


def test_the_times_of_a_window_come_from_a_file_that_has_them(root: Path) -> None:
    path = write_events(root, "201600270010.001", events_header(TSTART="Real"))
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "1D", array=np.zeros(5))], header=events_header())
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path.with_name("jmx1_events.fits"))
    [entry_], problems = build_index(root)
    assert (entry_.t_start, problems) == (6876.1, [])


def test_event_files_may_be_compressed_or_not_whatever_their_name(root: Path) -> None:
    plain = write_events(root, "201600270010.001", events_header())
    plain.write_bytes(gzip.decompress(plain.read_bytes()))
    packed = write_events(root, "201600280010.001", events_header())
    packed.rename(packed.with_name("isgri_events.fits"))
    entries, problems = build_index(root)
    assert problems == []
    assert [item.files for item in entries] == [("isgri_events.fits.gz",), ("isgri_events.fits",)]


@pytest.mark.parametrize("named", FITS_PATHS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_fits_index_is_read_compressed_or_not(shared_data: Path, root: Path, named: str, packed: bool) -> None:
    content = real_index(shared_data)
    (root / named).write_bytes(gzip.compress(content) if packed else content)
    assert len(read_index(DirectoryArchive(root))) == 20
    entries, problems = build_index(root)
    assert (len(entries), problems) == (20, [])


def test_a_torn_compressed_fits_index_says_so(shared_data: Path, root: Path) -> None:
    (root / FITS_PATHS[1]).write_bytes(gzip.compress(real_index(shared_data))[:-500])
    with pytest.raises(BadInput, match="damaged") as caught:
        read_index(DirectoryArchive(root))
    assert caught.value.reason == "ArchiveIndexCorrupted"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [("TSTART", np.nan, "TSTART is no number"), ("DEC_SCX", 123.0, "beyond 90"), ("SWID", "unknown", "row 4")],
)
def test_a_useless_row_of_the_fits_index_is_left_out_and_named(  # noqa: PLR0917
    shared_data: Path, root: Path, caplog: pytest.LogCaptureFixture, column: str, value: object, reason: str
) -> None:
    (root / FITS_PATHS[0]).write_bytes(real_index(shared_data))
    with fits.open(root / FITS_PATHS[0], mode="update") as hdus:
        hdus[1].data[column][3] = value
    assert len(read_index(DirectoryArchive(root))) == 19
    assert reason in caplog.text
    entries, problems = build_index(root)
    assert len(entries) == 19
    assert reason in problems[0]


def test_a_row_without_a_length_has_that_of_its_times(shared_data: Path, root: Path) -> None:
    (root / FITS_PATHS[0]).write_bytes(real_index(shared_data))
    with fits.open(root / FITS_PATHS[0], mode="update") as hdus:
        hdus[1].data["TELAPSE"][:] = np.nan
    index = read_index(DirectoryArchive(root))
    assert all(item.telapse == pytest.approx((item.t_stop - item.t_start) * 86400.0) for item in index)


def test_a_compact_index_with_nan_names_the_line(root: Path) -> None:
    line = entry("201600270010.001", "2018-10-29T03:00:00").to_json()
    start = json.loads(line)["t_start"]
    (root / COMPACT_PATH).write_text(line.replace(str(start), "NaN") + "\n")
    with pytest.raises(BadInput, match=r"line 1: 201600270010\.001: TSTART is no number; rebuild it"):
        read_index(DirectoryArchive(root))


def test_building_refuses_a_directory_without_windows(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scw/RRRR/"):
        build_index(tmp_path)
    with pytest.raises(ValueError, match="is not a directory"):
        build_index(tmp_path / "absent")
