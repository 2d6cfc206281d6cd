"""Sky maps of which only the address came: fetched from allowed hosts of the internet, and not for long."""

import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mesh.public_address import NotPublic
from services.triggers import map_fetch
from services.triggers.map_fetch import MapFetcher, MapNotAvailable
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.triggers.alert_world import AlertWorld
from tests.unit.triggers.test_triggers import Queues

_NAME = "maps.example"
_MAP = b"SIMPLE  =                    T".ljust(80) + b"NAXIS   =                    0".ljust(80) + b"END".ljust(2720)
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name of the host, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "host.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def _send(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for field, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(field, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@contextmanager
def _host(certificate: Path, answer: Answer) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Serve over TLS on this machine; yields the port, and path and Host of what was asked for."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            answer(self)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fetcher(certificate: Path, port: int, **given: Any) -> MapFetcher:
    trust = ssl.create_default_context(cafile=str(certificate))
    return MapFetcher([f"{_NAME}:{port}"], **{"find": lambda *_: "127.0.0.1", "trust": trust, **given})


def test_a_map_comes_from_an_allowed_host_under_its_own_name(certificate: Path) -> None:
    with _host(certificate, _send(_MAP)) as (port, asked):
        taken = _fetcher(certificate, port).fetch(f"https://{_NAME}:{port}/files/map.fits?version=1")
    assert taken.content == _MAP
    assert asked == [("/files/map.fits?version=1", f"{_NAME}:{port}")]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://other.example/map.fits", "not among those that are allowed"),
        (f"https://{_NAME}/map.fits", "not among those that are allowed"),
        (f"https://{_NAME}.evil.example:443/map.fits", "not among those that are allowed"),
        (f"http://{_NAME}/map.fits", "does not begin with https"),
        ("file:///etc/passwd", "does not begin with https"),
        (f"https://user@{_NAME}/map.fits", "does not begin with https"),
        ("https://[broken", "cannot be read"),
        (f"https://{_NAME}:99999/map.fits", "cannot be read"),
        ("", "does not begin with https"),
    ],
)
def test_nothing_is_asked_of_any_other_host(certificate: Path, url: str, words: str) -> None:
    def never(*_: Any) -> str:
        raise AssertionError("its name was asked for")

    with pytest.raises(MapNotAvailable, match=words) as failure:
        _fetcher(certificate, 1, find=never).fetch(url)
    assert not failure.value.again


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "169.254.169.254", "10.1.2.3", "[::1]", "0.0.0.0"])  # noqa: S104
def test_an_allowed_name_that_leads_into_a_private_network_is_refused(host: str) -> None:
    with pytest.raises(MapNotAvailable, match="no host of the internet") as failure:
        MapFetcher([host.strip("[]")]).fetch(f"https://{host}/map.fits")
    assert not failure.value.again


def test_an_operator_may_allow_a_private_network(certificate: Path) -> None:
    with _host(certificate, _send(_MAP)) as (port, _):
        networks = [ipaddress.ip_network("127.0.0.0/8")]
        trust = ssl.create_default_context(cafile=str(certificate))
        trust.check_hostname = False
        fetcher = MapFetcher([f"127.0.0.1:{port}"], networks, trust=trust)
        assert fetcher.fetch(f"https://127.0.0.1:{port}/map.fits").content == _MAP


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.parametrize(
    ("answer", "words", "again"),
    [
        (_send(b"<html>", 302, Location="https://127.0.0.1/secret"), "status 302", False),
        (_send(b"", 404), "status 404", True),
        (_send(b"", 403), "status 403", False),
        (_send(b"", 503), "status 503", True),
        (_send(b"<html>no map</html>"), "no FITS file", False),
        (_endless, "more than 1000000 bytes", False),
        (_dripping, "within 0.3 s", True),
    ],
)
def test_what_is_no_map_is_told(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, words: str, *, again: bool
) -> None:
    monkeypatch.setattr(map_fetch, "MOST_BYTES", 1_000_000)
    with _host(certificate, answer) as (port, _), pytest.raises(MapNotAvailable, match=words) as failure:
        # Only what never ends is to run out of time, however slow this machine is.
        seconds = 0.3 if answer is _dripping else 20.0
        _fetcher(certificate, port, seconds=seconds).fetch(f"https://{_NAME}:{port}/map.fits")
    assert failure.value.again is again


def test_a_host_with_the_certificate_of_another_is_not_believed(certificate: Path) -> None:
    with _host(certificate, _send(_MAP)) as (port, asked):
        trust = ssl.create_default_context(cafile=str(certificate))
        fetcher = MapFetcher([f"other.example:{port}"], find=lambda *_: "127.0.0.1", trust=trust)
        with pytest.raises(MapNotAvailable, match="did not send it"):
            fetcher.fetch(f"https://other.example:{port}/map.fits")
    assert not asked


def test_a_name_that_is_not_known_is_asked_for_again() -> None:
    def unknown(*_: Any) -> str:
        raise OSError("no such name")

    with pytest.raises(MapNotAvailable, match="is not found") as failure:
        MapFetcher([_NAME], find=unknown).fetch(f"https://{_NAME}/map.fits")
    assert failure.value.again


def test_a_name_of_which_one_address_is_private_is_refused() -> None:
    def mixed(*_: Any) -> str:
        raise NotPublic("10.0.0.1 is not public")

    with pytest.raises(MapNotAvailable, match="no host of the internet"):
        MapFetcher([_NAME], find=mixed).fetch(f"https://{_NAME}/map.fits")


_URL = "https://maps.example/map.fits"


@pytest.fixture
def world() -> AlertWorld:
    return AlertWorld(MemoryObjects(), Queues())


def _notice(**fields: Any) -> bytes:
    body = {"mission": "Mission", "id": ["1"], "alert_type": "initial", "record_number": 1, "healpix_url": _URL}
    return json.dumps({**body, "trigger_time": "2023-05-18T12:59:08Z", **fields}).encode()


def _wished(world: AlertWorld) -> list[Any]:
    return [one.parameters.get("sky_map") for one in world.mesh.wishes.values() if one.product == "localisation"]


def test_a_map_is_fetched_once_and_used(world: AlertWorld) -> None:
    world.maps[_URL] = _MAP
    world.post(_notice())
    world.run()
    assert world.alerts.record("mission:1", 1).map_status.startswith("map not fetched"), (
        "the record does not wait for it"
    )
    world.mesh.finish()
    world.maps.clear()
    for _ in range(3):
        world.run()
    record = world.record("mission:1")
    assert record.map is not None
    assert world.objects.content[f"uploads/{record.map.sha256}"] == _MAP  # type: ignore[attr-defined]
    assert (record.map.url, record.map.size, record.map_status) == (_URL, len(_MAP), "")
    assert _wished(world) == [[record.map.sha256]]


def test_without_its_map_an_event_is_localised_as_it_can_be(world: AlertWorld) -> None:
    world.post(_notice())
    world.run()
    world.mesh.finish()
    world.run()
    assert world.record("mission:1").map_status == "map not available: its host is not allowed"
    assert _wished(world) == [None]
    world.mesh.finish()
    for _ in range(2):
        world.run()
    assert not world.index.later, "nothing waits any more"


def test_a_map_that_comes_late_makes_a_new_localisation(world: AlertWorld) -> None:
    world.maps[_URL] = MapNotAvailable("the host did not answer", again=True)
    world.post(_notice())
    world.run()
    world.mesh.finish()
    world.run()
    assert _wished(world) == [None]
    assert world.index.later, "it is tried again"
    world.maps[_URL] = _MAP
    world.run()
    assert _wished(world) == [None], "but not at once"
    world.now += 61
    for _ in range(2):
        world.run()
    assert len([one for one in _wished(world) if one]) == 1


def test_a_map_that_never_comes_is_given_up(world: AlertWorld) -> None:
    world.maps[_URL] = MapNotAvailable("the host did not answer", again=True)
    world.post(_notice())
    for _ in range(8):
        world.run()
        world.mesh.finish()
        world.now += 61
    (found,) = world.event("mission:1").maps
    assert (found.tries, found.next_try) == (5, None)
    assert not world.index.later


def test_nothing_is_fetched_of_an_event_without_data_or_taken_back(world: AlertWorld) -> None:
    world.maps[_URL] = _MAP
    world.data.status = {"spiacs": "no-data"}
    world.post(_notice())
    world.run()
    assert not world.event("mission:1").maps
    assert world.record("mission:1").map_status == "map not fetched: nothing is analysed with it yet"
    world.data.status = {"spiacs": "data"}
    world.post(_notice(alert_type="retraction", record_number=2))
    world.run()
    assert not world.event("mission:1").maps
