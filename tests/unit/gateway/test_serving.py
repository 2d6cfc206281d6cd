"""Over a real connection: requests that have no end, in bytes or in time."""

import socket

import pytest

from gateway import bounded_http, edge
from tests.fuzz.served import served
from tests.unit.gateway.conftest import Gateway

_SECONDS = 20.0


def _rest(connection: socket.socket) -> bytes:
    received = b""
    while block := connection.recv(65536):
        received += block
    return received


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\n", b""),
        (b"POST /api/v1/jobs HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 9\r\n\r\n{", b"408"),
        (b"POST /run_analysis HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 9\r\n\r\na", b"400"),
        (b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\n\r\nGET /livez HTTP/1.1\r\nHo", b"200"),
    ],
    ids=["nothing", "head", "body", "body of the protocol", "second head"],
)
def test_a_request_that_stops_coming_is_ended(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, sent: bytes, answer: bytes
) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.2)
    with served(gateway.app) as port, socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(sent)
        assert _rest(connection)[9:12] == answer


@pytest.mark.parametrize("first", [b"", b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\n\r\n"], ids=["first", "second"])
def test_a_head_has_an_end(gateway: Gateway, first: bytes) -> None:
    with served(gateway.app) as port, socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(first)
        if first:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\n")
        try:
            for _ in range(1000):
                connection.sendall(b"X-More: " + b"a" * 1000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert b"400 Bad Request" in _tolerant(connection)


@pytest.mark.parametrize("cut", [0, 1, 3, 60])
def test_a_body_that_comes_with_its_head_is_no_part_of_it(gateway: Gateway, cut: int) -> None:
    head = b"POST /api/v1/jobs HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n"
    place = len(head) - cut
    with served(gateway.app) as port, socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(head[:place])
        connection.sendall(head[place:] + b" " * 400_000)
        answer = _rest(connection)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"head of the request" not in answer


def _tolerant(connection: socket.socket) -> bytes:
    received = b""
    try:
        while block := connection.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return received
