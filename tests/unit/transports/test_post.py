"""Posting to a real server: only where it is allowed, to the address that was checked, without redirects, in time."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mesh.public_address import NotPublic, check_address, check_url, networks
from services.transports.webhooks.post import post

_LOOPBACK = networks("127.0.0.0/8")
_PRIVATE = """
127.0.0.1 10.1.2.3 192.168.0.1 172.16.5.5 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 198.18.0.1
192.0.2.1 ::1 :: fe80::1 fd00::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1:: 2001:0:a00:1:: ff02::1
"""
_OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@contextmanager
def _serving(answer: Callable[[socket.socket, bytes], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve one connection after the other; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(taken, server_side=True) if context else taken as connection:
                        answer(connection, _request(connection))
                except OSError:
                    continue

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _request(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _answer(text: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(text)


def test_a_body_arrives_as_it_is() -> None:
    got: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        got.append(request)
        connection.sendall(_OK)

    with _serving(answer) as port:
        told = post(f"http://127.0.0.1:{port}/a?b=c", b'{"a": "\xc3\xa4"}', {"webhook-id": "m1"}, _LOOPBACK)
    assert (told.taken, told.status) == (True, 204)
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert b"webhook-id: m1" in head
    assert body == b'{"a": "\xc3\xa4"}'


def test_a_redirect_is_not_followed() -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: /secret\r\nContent-Length: 0\r\n\r\n")

    with _serving(answer) as port:
        told = post(f"http://127.0.0.1:{port}/", b"{}", {}, _LOOPBACK)
    assert (told.taken, told.status, len(asked)) == (False, 307, 1)
    assert "redirect" in told.text


@pytest.mark.parametrize("address", _PRIVATE.split())
def test_private_addresses_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotPublic):
        check_address(ip_address(address), (), secure=True)
    entry = (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])
    told = post("https://innocent.example/", b"{}", {})
    assert told.status is None
    assert "not public" in told.text


def test_public_addresses_are_not() -> None:
    for address in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"):
        check_address(ip_address(address), (), secure=True)
    with pytest.raises(NotPublic, match="https"):
        check_address(ip_address("93.184.216.34"), (), secure=False)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "10.0.0.1 is not public" in post("https://both.example/", b"{}", {}).text


def test_a_name_is_asked_for_once_and_what_was_checked_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    really = socket.getaddrinfo
    with _serving(_answer(_OK)) as port:

        def lookup(host: str, *rest: Any, **named: Any) -> list[Any]:
            asked.append(host)
            if host != "turning.example":
                return really(host, *rest, **named)
            # A name that leads elsewhere when it is asked for again.
            address = "127.0.0.1" if asked.count(host) == 1 else "10.9.9.9"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        told = post(f"http://turning.example:{port}/", b"{}", {}, _LOOPBACK)
    assert told.taken
    assert asked.count("turning.example") == 1


@pytest.mark.parametrize("part", ["head", "body"])
def test_who_sends_a_byte_now_and_then_is_not_waited_for(part: str) -> None:
    stop = threading.Event()

    def drip(connection: socket.socket, _: bytes) -> None:
        if part == "body":
            connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.1):
            connection.sendall(b"x")

    with _serving(drip) as port:
        told = post(f"http://127.0.0.1:{port}/", b"{}", {}, _LOOPBACK, seconds=0.6)
        stop.set()
    assert told.status is None
    assert "within" in told.text


def test_who_is_not_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    told = post(f"http://127.0.0.1:{port}/", b"{}", {}, _LOOPBACK)
    assert (told.status, told.text[:9]) == (None, "No answer")


@pytest.mark.parametrize(("told", "right"), [("7", 7.0), ("x", None), ("9" * 12, None)])
def test_the_time_to_wait_is_read(told: str, right: float | None) -> None:
    text = f"HTTP/1.1 503 No\r\nRetry-After: {told}\r\nContent-Length: 4\r\n\r\nbusy"
    with _serving(_answer(text.encode())) as port:
        answer = post(f"http://127.0.0.1:{port}/", b"{}", {}, _LOOPBACK)
    assert (answer.retry_after, answer.text) == (right, "Answered 503: busy")


def test_the_certificate_is_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serving, trusted = _certificate(tmp_path, "hook.example")
    with _serving(_answer(_OK), serving) as port:
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        really = socket.getaddrinfo
        monkeypatch.setattr(
            "mesh.public_address.socket.getaddrinfo",
            lambda host, *a, **n: [entry] if host.endswith(".example") else really(host, *a, **n),
        )
        right = post(f"https://hook.example:{port}/", b"{}", {}, _LOOPBACK, trusted=trusted)
        wrong = post(f"https://other.example:{port}/", b"{}", {}, _LOOPBACK, trusted=trusted)
        unknown = post(f"https://hook.example:{port}/", b"{}", {}, _LOOPBACK)
    assert right.taken
    assert (wrong.status, "certificate" in wrong.text.lower()) == (None, True)
    assert (unknown.status, "certificate" in unknown.text.lower()) == (None, True)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://a.example/",
            "https://",
            "https://user:pw@a.example/",
            "https://a.example/#x",
            "http://a.example/",
            "x",
        ),
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://a.example:99999/",
        "https://a b/",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_addresses_that_can_never_be_posted_to_are_refused_at_once(url: str) -> None:
    with pytest.raises(NotPublic):
        check_url(url, ())


def test_addresses_of_a_network_that_is_allowed_are_not() -> None:
    check_url("http://10.1.2.3:8000/x", networks("10.1.0.0/16"))
    check_url("https://a.example/x?y=z", ())
    with pytest.raises(ValueError, match="does not appear"):
        networks("10.1.0.0/16, nothing")


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of a name shows, and what a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*kinds))
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return serving, ssl.create_default_context(cafile=str(folder / "certificate.pem"))
