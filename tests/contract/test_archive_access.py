"""What every kind of archive must do alike: directory, http, and S3 where one is reachable."""

import logging
import os
import threading
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio import Minio

from mesh.archive.access import Archive, MissingFile
from mesh.archive.directory import DirectoryArchive
from mesh.archive.locate import open_archive
from mesh.archive.s3 import S3Archive, open_s3
from mesh.archive.web import WebArchive
from mesh.errors import ArchiveUnavailable, BadInput
from mesh.settings import Settings, SettingsError

SCW = "scw/2016/201600270010.001"
EVENTS = f"{SCW}/isgri_events.fits.gz"
CONTENT = bytes(range(256)) * 2000

Put = Callable[[str, bytes], None]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a directory without writing to the terminal; files under broken/ end the request with status 503."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name given by the base class
        """Write nothing."""

    def do_GET(self) -> None:
        """Answer 503 below broken/, else the file."""
        if self.path.startswith("/broken/"):
            self.send_error(503)
        else:
            super().do_GET()


@contextmanager
def http_server(handler: Callable[..., SimpleHTTPRequestHandler]) -> Iterator[str]:
    """Serve with a handler and give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Directory and its http address."""
    root = tmp_path / "served"
    root.mkdir()
    with http_server(partial(QuietHandler, directory=str(root))) as address:
        yield root, address


def s3_endpoint() -> str:
    """Give the address of an S3 server, e.g. http://user:password@127.0.0.1:9000: the one named, else the stack's."""
    if address := os.environ.get("ODAMESH_TEST_S3"):
        return address
    try:
        store = Settings().connections("admin").store
    except SettingsError as error:
        pytest.skip(f"no S3 server: {error}; or set ODAMESH_TEST_S3=http://user:password@host:port")
    return f"http://{store.access_key}:{store.secret_key}@{store.endpoint}"


@pytest.fixture(params=["directory", "http", "s3"])
def archive(request: pytest.FixtureRequest) -> Iterator[tuple[Archive, Put]]:
    """Make an archive with one file, and a function that puts further files into it."""
    if request.param == "s3":
        yield from s3_archive()
        return
    root: Path
    if request.param == "http":
        root, address = request.getfixturevalue("served")
        opened: Archive = WebArchive(address)
    else:
        root = request.getfixturevalue("tmp_path")
        opened = DirectoryArchive(root)

    def put(path: str, content: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    put(EVENTS, CONTENT)
    yield opened, put


def s3_archive() -> Iterator[tuple[Archive, Put]]:
    """Make an archive in a bucket of its own, removed afterwards."""
    server = urlsplit(s3_endpoint())
    client = Minio(
        f"{server.hostname}:{server.port}", server.username, server.password, secure=server.scheme == "https"
    )
    bucket = f"archive-test-{uuid.uuid4().hex[:12]}"
    client.make_bucket(bucket)

    def put(path: str, content: bytes) -> None:
        client.put_object(bucket, f"integral/{path}", BytesIO(content), len(content))

    put(EVENTS, CONTENT)
    yield S3Archive(client, bucket, "/integral/"), put
    for found in client.list_objects(bucket, recursive=True):
        client.remove_object(bucket, str(found.object_name))
    client.remove_bucket(bucket)


def test_a_file_is_read_and_fetched_whole(archive: tuple[Archive, Put], tmp_path: Path) -> None:
    opened, _ = archive
    assert opened.read(EVENTS) == CONTENT
    target = opened.fetch(EVENTS, tmp_path / "unit" / "in")
    assert target == tmp_path / "unit" / "in" / "isgri_events.fits.gz"
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.stat().st_mode & 0o444 == 0o444


def test_the_beginning_of_a_file_is_read_alone(archive: tuple[Archive, Put]) -> None:
    opened, put = archive
    assert opened.head(EVENTS, 1000) == CONTENT[:1000]
    assert opened.head(EVENTS, 2 * len(CONTENT)) == CONTENT
    assert opened.head(EVENTS, 1000) == CONTENT[:1000], "the connection is good for another file"
    put("empty", b"")
    assert opened.head("empty", 1000) == b""


def test_fetching_again_replaces_the_file(archive: tuple[Archive, Put], tmp_path: Path) -> None:
    opened, _ = archive
    opened.fetch(EVENTS, tmp_path / "in").unlink()
    (tmp_path / "in" / "isgri_events.fits.gz").write_bytes(b"old")
    assert opened.fetch(EVENTS, tmp_path / "in").read_bytes() == CONTENT


def test_a_stamp_stays_until_the_data_change(archive: tuple[Archive, Put]) -> None:
    opened, put = archive
    before = opened.stamp(EVENTS)
    assert before == opened.stamp(EVENTS)
    assert len(before) == 16
    assert int(before, 16) >= 0
    put(EVENTS, CONTENT + b"more")
    assert opened.stamp(EVENTS) != before


def test_a_missing_file_is_said_to_be_missing(archive: tuple[Archive, Put], tmp_path: Path) -> None:
    opened, _ = archive
    absent = "scw/2016/201600280010.001/isgri_events.fits.gz"
    uses = (opened.stamp, opened.read, lambda path: opened.head(path, 10), lambda path: opened.fetch(path, tmp_path))
    for use in uses:
        with pytest.raises(MissingFile, match="is not in the archive") as caught:
            use(absent)
        assert caught.value.reason == "NoScWData"
        assert opened.url not in caught.value.text, "callers need not know where the archive is"
    assert not (tmp_path / "isgri_events.fits.gz").exists()


def test_http_that_fails_or_is_gone_is_transient(served: tuple[Path, str], tmp_path: Path) -> None:
    _, address = served
    with pytest.raises(ArchiveUnavailable, match="503"):
        WebArchive(address).fetch("broken/file", tmp_path)
    with pytest.raises(ArchiveUnavailable, match="did not answer") as caught:
        WebArchive("http://127.0.0.1:9").stamp(EVENTS)
    assert "127.0.0.1" not in caught.value.text


def test_a_file_whose_version_the_server_does_not_tell_is_refused(tmp_path: Path) -> None:
    """Two files of one length would have one stamp, and new data would be taken for the old."""

    class Forgetful(QuietHandler):
        tag = ""

        def send_header(self, keyword: str, value: str) -> None:
            if keyword != "Last-Modified":
                super().send_header(keyword, value)
            elif self.tag:
                super().send_header("ETag", self.tag)

    (tmp_path / "events").write_bytes(CONTENT)
    with http_server(partial(Forgetful, directory=str(tmp_path))) as address:
        with pytest.raises(BadInput, match=r"neither the ETag nor the Last-Modified of events") as caught:
            WebArchive(address).stamp("events")
        assert caught.value.reason == "NoFileVersion"
        assert WebArchive(address).read("events") == CONTENT
        stamps = []
        for Forgetful.tag in ('"one"', '"two"', 'W/"two"'):
            stamps.append(WebArchive(address).stamp("events"))
    assert stamps[0] != stamps[1] == stamps[2]


def test_a_torn_download_leaves_nothing(tmp_path: Path) -> None:
    class TornHandler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 10)

    with http_server(TornHandler) as address, pytest.raises(ArchiveUnavailable):
        WebArchive(address).fetch(EVENTS, tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_credentials_of_an_address_are_sent_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = []

    class Guarded(QuietHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            self.send_error(503)

    caplog.set_level(logging.DEBUG)
    with http_server(partial(Guarded, directory=str(tmp_path))) as address:
        archive = WebArchive(address.replace("//", "//reader:s3cret%2F@") + "/integral/")
        assert archive.url == f"{address}/integral"
        with pytest.raises(ArchiveUnavailable) as caught:
            archive.read("events")
    assert asked == [f"Basic {b64encode(b'reader:s3cret/').decode()}"]
    assert caplog.text.count("503")
    assert not any("s3cret" in text or "reader" in text for text in (caplog.text, repr(caught.value)))


def test_an_unreachable_s3_server_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    with pytest.raises(ArchiveUnavailable):
        open_s3("s3://bucket/prefix").stamp(EVENTS)


def test_addresses_lead_to_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_archive(tmp_path), DirectoryArchive)
    assert open_archive(f"file://{tmp_path}").url == str(tmp_path.resolve())
    assert isinstance(open_archive("http://archive.example/integral"), WebArchive)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert open_archive("s3://bucket/integral").url == "s3://bucket/integral"
    for wrong in ("ftp://archive.example/", "s3:///integral", str(tmp_path / "absent")):
        with pytest.raises(ValueError, match=r"archive|bucket"):
            open_archive(wrong)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
    with pytest.raises(ValueError, match="http://host:port"):
        open_archive("s3://bucket/integral")


def test_a_directory_that_vanished_is_transient(tmp_path: Path) -> None:
    root = tmp_path / "mounted"
    root.mkdir()
    opened = DirectoryArchive(root)
    root.rmdir()
    with pytest.raises(ArchiveUnavailable) as caught:
        opened.stamp(EVENTS)
    assert str(tmp_path) not in caught.value.text


def test_a_local_file_is_linked_and_a_private_one_copied(tmp_path: Path) -> None:
    source = tmp_path / "archive" / EVENTS
    source.parent.mkdir(parents=True)
    source.write_bytes(CONTENT)
    source.chmod(0o644)
    opened = DirectoryArchive(tmp_path / "archive")
    assert opened.fetch(EVENTS, tmp_path / "a").stat().st_ino == source.stat().st_ino
    source.chmod(0o600)
    copied = opened.fetch(EVENTS, tmp_path / "b")
    assert copied.stat().st_ino != source.stat().st_ino
    assert copied.stat().st_mode & 0o777 == 0o644


def test_a_local_stamp_sees_both_ends_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "events"
    stamps = set()
    for first, last in ((b"a", b"a"), (b"b", b"a"), (b"a", b"b")):
        path.write_bytes(first + bytes(300_000) + last)
        stamps.add(DirectoryArchive(tmp_path).stamp("events"))
    assert len(stamps) == 3
