"""Broken requests over a bare connection: each is answered, or the connection closed, and the gateway goes on."""

import re
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.decency import Answer, indecencies
from tests.fuzz.exchange import ANSWER_SECONDS
from tests.fuzz.ground import Ground
from tests.fuzz.served import served

_MOST_BYTES = 4_000_000
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")

_METHODS = (
    b"GET",
    b"POST",
    b"HEAD",
    b"DELETE",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"",
    b"G\x00T",
    b"X" * 300,
)
_TARGETS = (
    b"/", b"/api/v1/jobs", b"/run_analysis?instrument=isgri", b"/dispatch-data//run_analysis", b"*", b"", b"//",
    b"http://other.example/api/v1/jobs", b"/%", b"/%zz", b"/%00", b"/%ff%fe", b"/\xff\xfe",
    b"/api/v1/jobs/../../etc/passwd", b"/api/v1/jobs/%2e%2e/%2e%2e", b"/api/v1/jobs?limit=%",
    b"/api/v1/jobs?" + b"a" * 70_000, b"/" + b"a/" * 5000, b"/a b", b"/docs/swagger/../../../etc/passwd",
    b"/docs/swagger/%2e%2e/%2e%2e/etc/passwd", b"/api/v1/jobs\r\nX: y",
)  # fmt: skip
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"", b"HTTP/1.1 HTTP/1.1")
_HEADERS = (
    b"Host: gateway.test", b"Host: ", b"Host: a\r\nHost: b", b"Host: [::1", b"Host: \xff", b"Content-Length: 5",
    b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 1_0",
    b"Content-Length: 0x5", b"Content-Length: 5\r\nContent-Length: 6", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Transfer-Encoding:\x0bchunked", b"Expect: 100-continue", b"Expect: nonsense", b"Connection: close",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x", b"Upgrade: h2c",
    b"Content-Type: application/json", b"Content-Type: multipart/form-data", b"Content-Type: \xff/\x80",
    b"Content-Type: multipart/form-data; boundary=b", b"Content-Type: application/x-www-form-urlencoded",
    b"Cookie: odamesh=" + b"a" * 20_000, b"Cookie: ;=;;=\xff", b"Authorization: Bearer",
    b"Authorization: Basic !!!", b"Authorization: Bearer \xff\xfe", b"Authorization: " + b"B" * 20_000,
    b"Range: bytes=-", b"Range: bytes=5-1,x", b"If-None-Match: \x80", b"Last-Event-ID: \xff",
    b"X-Request-Id: a\tb", b"X-Forwarded-For: \xff, 1", b"Origin: http://[", b"Origin: null",
    b"Accept-Encoding: gzip;q=x", b"Accept: \xff", b"X-Big: " + b"a" * 100_000, b": empty", b"No colon",
    b" Folded: a", b"Bad Name: a", b"X: a\x00b", b"X: a\rb", b"X: a\nb", b"traceparent: 00-" + b"g" * 90,
)  # fmt: skip
_BODIES = (
    b"", b"{}", b"a=1&b", b"5\r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\nx", b"-1\r\n\r\n",
    b"5;x=\xff\r\nhello\r\n0\r\n\r\n",
    b"--b\r\nContent-Disposition: form-data; name=\"user_catalog_file\"; filename=\"../../x\"\r\n\r\nx\r\n--b--\r\n",
    b"--b\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3,
    b"\x00" * 1000,
)  # fmt: skip

_request = st.builds(
    lambda method, target, version, headers, body: (
        b" ".join((method, target, version))
        + b"\r\n"
        + b"".join(header + b"\r\n" for header in headers)
        + b"\r\n"
        + body
    ),
    st.sampled_from(_METHODS) | st.just(b"GET") | st.just(b"POST"),
    st.sampled_from(_TARGETS) | st.binary(max_size=30).map(lambda tail: b"/api/v1/jobs/" + tail),
    st.just(b"HTTP/1.1") | st.sampled_from(_VERSIONS),
    st.lists(st.sampled_from(_HEADERS), max_size=5).map(lambda some: [b"Host: gateway.test", *some]),
    st.sampled_from(_BODIES) | st.binary(max_size=200),
)
_cut = st.tuples(_request, st.integers(0, 400)).map(lambda pair: pair[0][: pair[1]])
_broken = st.one_of(_request, _cut, st.binary(max_size=300), st.lists(_request, min_size=2, max_size=3).map(b"".join))


def _exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, say that nothing follows, and return what comes until the gateway closes.

    Raises:
        TimeoutError: it neither answered to the end nor closed.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while len(received) < _MOST_BYTES and (block := connection.recv(65536)):
                received += block
        except (ConnectionResetError, BrokenPipeError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
    return received


def _answers(received: bytes) -> list[Answer]:
    """Return the answers in what came; bodies run up to the next answer."""
    begins = list(_STATUS.finditer(received))
    ends = [*(found.start() for found in begins[1:]), len(received)][: len(begins)]
    answers = []
    for found, end in zip(begins, ends, strict=True):
        head, _, body = received[found.end() : end].partition(b"\r\n\r\n")
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        headers = {name.decode("latin-1").lower(): value.strip().decode("latin-1") for name, _, value in lines}
        answers.append(Answer(int(found[1]), headers, body))
    return answers


@pytest.mark.parametrize(
    "cases", [pytest.param(600, id="some"), pytest.param(10_000, id="many", marks=[pytest.mark.long])]
)
@pytest.mark.timeout(3600)
def test_a_broken_request_breaks_nothing(ground: Ground, cases: int) -> None:
    good = b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n"
    with served(ground.gateway.app) as port:

        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(_broken)
        def send(sent: bytes) -> None:
            received = _exchange(port, sent)
            for answer in _answers(received):
                # Chunks may cut a body: that it is JSON is looked at where requests are well formed.
                whole = Answer(answer.status, {**answer.headers, "content-type": "text/plain"}, answer.body)
                assert not indecencies(whole, None, ground.secrets, sent.decode("latin-1")), (sent, answer)
            assert not received or _STATUS.match(received), received[:200]
            assert not ground.changed()
            ground.restore()

        send()
        assert _exchange(port, good).startswith(b"HTTP/1.1 200")
