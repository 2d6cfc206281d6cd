"""Tables that come with a query: how they are read, joined with others, kept with a job and refused."""

import socket
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.vo.parameters import Parameters
from gateway.vo.tap import adql, database, jobs, uploads
from gateway.vo.tap.far_tables import FarTables, NotFetched
from gateway.vo.tap.observations import region
from gateway.vo.tap.tables import OBSERVATIONS
from gateway.vo.votable_reader import VotableError, read_votable
from mesh.public_address import networks
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import Guarded
from tests.unit.gateway.vo.test_tables import rows

_FIELDS = (
    '<FIELD name="RA" datatype="double" unit="deg" ucd="pos.eq.ra"><DESCRIPTION>place</DESCRIPTION></FIELD>'
    '<FIELD name="DEC" datatype="float"/>'
    '<FIELD name="B-V" datatype="short"><VALUES null="-1"/></FIELD>'
    '<FIELD name="good" datatype="boolean" arraysize="1"/>'
    '<FIELD name="name" datatype="char" arraysize="*"/>'
    '<FIELD name="pair" datatype="int" arraysize="2"/>'
)
_ROWS = [(266.4, -29.0, 5, 1, "Sgr A*", "1 2"), (83.6, None, None, None, None, "3 4")]
_CELLS = [
    ["266.4", "-29", "5", "T", "Sgr A*", "1 2"],
    ["83.6", "NaN", "-1", "?", "", "3 4"],
]


_SHORT = '<BINARY><STREAM encoding="base64">AAAA</STREAM></BINARY>'


def _document(data: str, fields: str = _FIELDS, version: str = "v1.3") -> bytes:
    inside = f"<RESOURCE><TABLE>{fields}<DATA>{data}</DATA></TABLE></RESOURCE>"
    return f'<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/{version}">{inside}</VOTABLE>'.encode()


def _written(cells: list[list[str]]) -> str:
    lines = "".join(f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in row)}</TR>" for row in cells)
    return f"<TABLEDATA>{lines}</TABLEDATA>"


def _binary(*, flags: bool) -> str:
    packed = b""
    for ra, dec, colour, good, name, pair in _ROWS:
        text = (name or "").encode()
        if flags:
            packed += bytes([0b01101000 if dec is None else 0])
        packed += struct.pack(">dfh", ra, float("nan") if dec is None else dec, -1 if colour is None else colour)
        packed += b"?" if good is None else b"T"
        packed += struct.pack(">I", len(text)) + text + struct.pack(">ii", *map(int, pair.split()))
    kind = "BINARY2" if flags else "BINARY"
    return f'<{kind}><STREAM encoding="base64">{b64encode(packed).decode()}</STREAM></{kind}>'


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def _form(table: bytes, query: str, name: str = "mine", **sent: str) -> dict[str, Any]:
    data = {"LANG": "ADQL", "QUERY": query, "UPLOAD": f"{name},param:file", **sent}
    return {"data": data, "files": {"file": ("table.xml", table)}}


def _no_fetch(url: str, most: int) -> str:
    raise AssertionError((url, most))


def _ask(gateway: Guarded, table: bytes, query: str, **options: str) -> httpx.Response:
    return gateway.call("POST", "/vo/tap/sync", "ada", whole=True, **_form(table, query, **options))


@pytest.mark.parametrize("data", [_written(_CELLS), _binary(flags=False), _binary(flags=True)])
def test_a_table_is_read_in_every_form(data: str) -> None:
    columns, found = read_votable(_document(data), 10)
    assert found == _ROWS
    assert (columns[0].unit, columns[0].ucd, columns[0].description) == ("deg", "pos.eq.ra", "place")
    assert [(column.datatype, column.arraysize) for column in columns[2:]] == [
        ("short", ""),
        ("boolean", ""),
        ("char", "*"),
        ("int", "2"),
    ]


def test_rare_datatypes_keep_their_texts() -> None:
    fields = (
        '<FIELD name="a" datatype="unicodeChar" arraysize="2"/><FIELD name="b" datatype="bit" arraysize="10"/>'
        '<FIELD name="c" datatype="floatComplex"/><FIELD name="d" datatype="boolean" arraysize="2"/>'
        '<FIELD name="e" datatype="unsignedByte"/><FIELD name="f" datatype="long" arraysize="*"/>'
    )
    packed = "µ\0".encode("utf-16-be") + b"\xaa\x80" + struct.pack(">ff", 1.5, -2.0) + b"TF" + b"\xff"
    packed += struct.pack(">Iqq", 2, 2**40, -1)
    stream = f'<BINARY><STREAM encoding="base64">{b64encode(packed).decode()}</STREAM></BINARY>'
    expected = [("µ", "1010101010", "1.5 -2.0", "T F", 255, f"{2**40} -1")]
    assert read_votable(_document(stream, fields), 10)[1] == expected
    hexadecimal = _written([["µ", "1010101010", "1.5 -2.0", "T F", "0xFF", f"{2**40} -1"]])
    assert read_votable(_document(hexadecimal, fields), 10)[1] == expected


def _column(**attributes: str) -> str:
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<FIELD {written}/>"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"no table", "no XML"),
        (b"<VOTABLE/>", "no VOTable with a table"),
        (b"<TABLE/>", "no VOTable with a table"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><VOTABLE/>', "document type"),
        (_document("", ""), "0 columns"),
        (_document("", _column(datatype="int")), "no name"),
        (_document("", _column(name="a", datatype="quad")), "unknown datatype"),
        (_document("", _column(name="a", datatype="int") + _column(name="A", datatype="int")), "two columns"),
        (_document("<FITS/>"), "FITS"),
        (_document(_written([["1"]])), "row 1 has 1 values"),
        (_document(_written([["x", "1", "1", "T", "n", "1 2"]])), "'x' is not a number"),
        (_document(_written([["1", "1", "1.5", "T", "n", "1 2"]])), "'1.5' is not a whole number"),
        (_document(_written([["1", "1", str(2**63), "T", "n", "1 2"]])), "not a whole number"),
        (_document('<BINARY><STREAM href="http://x.invalid/t"/></BINARY>'), "not in the document itself"),
        (_document('<BINARY><STREAM encoding="base64">x</STREAM></BINARY>'), "no base64"),
        (_document(_SHORT), "end within a row"),
        (_document(_SHORT, _column(name="a", datatype="int", arraysize="-2")), "arraysize"),
        # Rows without any bytes have no end.
        (_document(_SHORT, _column(name="a", arraysize="0")), "more than 3 rows"),
        (_document(_written(4 * [_CELLS[0]])), "more than 3 rows"),
    ],
)
def test_what_cannot_be_read_says_why(document: bytes, said: str) -> None:
    with pytest.raises(VotableError, match=said):
        read_votable(document, 3)


def test_positions_are_joined_with_what_was_observed() -> None:
    sent = Parameters.of([("UPLOAD", "mine,param:f"), ("mine", _document(_written(_CELLS)).decode())])
    (upload,) = uploads.read_uploads(sent, _no_fetch)
    names = [column.name for column in OBSERVATIONS.columns]
    seen: dict[str, Any] = {"obs_id": "one", "s_region": region(266.0, -29.0, 2.0)}
    observed = [tuple(seen.get(name) for name in names)]
    text = (
        'SELECT m.name, o.obs_id, m."B-V" AS colour FROM TAP_UPLOAD.Mine AS m JOIN ivoa.obscore AS o '
        "ON 1 = CONTAINS(POINT('ICRS', m.ra, m.dec), o.s_region)"
    )
    columns, found = database.run(adql.read_query(text, [upload.table]), observed, 10, uploads=[upload])
    assert found == [("Sgr A*", "one", 5)]
    assert [(column.name, column.datatype) for column in columns][2] == ("colour", "short")


def test_a_table_comes_back_as_it_was(gateway: Guarded) -> None:
    answer = _ask(gateway, _document(_written(_CELLS)), 'SELECT * FROM TAP_UPLOAD.mine ORDER BY "B-V" DESC')
    assert rows(answer) == [["266.4", "-29.0", "5", "1", "Sgr A*", "1 2"], ["83.6", "", "", "", "", "3 4"]]
    columns, _ = read_votable(answer.content, 10)
    assert columns == read_votable(_document(""), 10)[0]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"UPLOAD": "mine,ftp://x.invalid/table"}, "neither a file of this form nor an address"),
        ({"UPLOAD": "mine,http://127.0.0.1/table"}, "no server that everybody can reach"),
        ({"UPLOAD": "mine,http://[::1]:9000/table"}, "no server that everybody can reach"),
        ({"UPLOAD": "mine,https://169.254.169.254/latest"}, "no server that everybody can reach"),
        ({"UPLOAD": "mine,https://ada:secret@example.org/table"}, "no address of a table"),
        ({"UPLOAD": "mine,https://["}, "no address of a table"),
        ({"UPLOAD": "mine,HTTP://127.0.0.1/table"}, "no server that everybody can reach"),
        ({"UPLOAD": "mine,https://a..b/table"}, "did not send it"),
        ({"UPLOAD": ";".join(f"t{number},param:file" for number in range(11))}, "more than 10 tables"),
        ({"UPLOAD": "mine,param:other"}, "names no file"),
        ({"UPLOAD": "query,param:file"}, "no name for a table"),
        ({"UPLOAD": "my table,param:file"}, "no name for a table"),
        ({"UPLOAD": "a,param:file;A,param:file"}, "twice"),
        ({"QUERY": "SELECT * FROM TAP_UPLOAD.yours"}, "UPLOAD=yours,param:FILE"),
        ({"QUERY": "SELECT nothing FROM TAP_UPLOAD.mine"}, "could not be resolved"),
    ],
)
def test_what_does_not_come_with_a_query_is_refused(gateway: Guarded, form: dict[str, str], said: str) -> None:
    answer = _ask(gateway, _document(_written(_CELLS)), "SELECT name FROM TAP_UPLOAD.mine", **form)
    assert (answer.status_code, said in answer.text) == (400, True), answer.text
    # Nobody's text becomes the query, and nothing of a table is repeated.
    assert len(answer.text) < 1000


def test_a_broken_table_is_named(gateway: Guarded) -> None:
    for content in (b"\xff\xfe\x00", b"data:;base64,x", b"<VOTABLE/>"):
        answer = _ask(gateway, content, "SELECT * FROM TAP_UPLOAD.mine")
        assert (answer.status_code, "the table mine cannot be read" in answer.text) == (400, True), answer.text


def test_a_job_keeps_its_tables_for_whichever_gateway_runs_it(gateway: Guarded) -> None:
    made = gateway.call(
        "POST", "/vo/tap/async", "ada", whole=True, **_form(_document(_written(_CELLS)), "SELECT 1 AS a")
    )
    place = made.headers["Location"].removeprefix(gateway.base)
    both = "SELECT a.name, b.ra FROM TAP_UPLOAD.mine AS a, TAP_UPLOAD.more AS b"
    more = _form(_document(_binary(flags=True)), both, "more")
    assert gateway.call("POST", f"{place}/parameters", "ada", whole=True, **more).status_code == 303
    again = gateway.call("POST", f"{place}/parameters", "ada", whole=True, **more)
    assert (again.status_code, "twice" in again.text) == (400, True)
    shown = gateway.call("GET", f"{place}/parameters", "ada", whole=True).text
    assert ("mine,param:file,more,param:file" in shown, "Sgr" in shown) == (True, False)
    other = create_app(replace(gateway.app.state.parts))
    headers = {"Authorization": f"Bearer {gateway.tokens['ada']}"}
    assert call(other, "POST", f"{place}/phase", headers=headers, data={"PHASE": "RUN"}).status_code == 303
    end = time.monotonic() + 20
    while gateway.queries.kept[place.rpartition("/")[2]].phase not in jobs.ENDED:
        assert time.monotonic() < end
        time.sleep(0.01)
    result = gateway.call("GET", f"{place}/results/result", "ada", whole=True)
    assert len(rows(result)) == 4
    gateway.call("DELETE", place, "ada", whole=True)
    assert gateway.queries.sent_tables == {}


def test_tables_of_one_query_have_an_end(gateway: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    table = _document(_written(_CELLS))
    monkeypatch.setattr(uploads, "MOST_CHARACTERS", len(table) + 10)
    made = gateway.call("POST", "/vo/tap/async", "ada", whole=True, **_form(table, "SELECT 1 AS a"))
    place = made.headers["Location"].removeprefix(gateway.base)
    more = gateway.call("POST", f"{place}/parameters", "ada", whole=True, **_form(table, "SELECT 1 AS a", "more"))
    assert (more.status_code, "send fewer rows" in more.text) == (400, True)
    assert list(gateway.queries.sent_tables[place.rpartition("/")[2]]) == ["mine"]


@contextmanager
def _served(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Serve a table on loopback; tells who asked for it."""
    asked: list[str] = []

    class Table(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            with suppress(OSError):  # who has enough goes away
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Table) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/table.xml", asked
        finally:
            server.shutdown()
            thread.join()


def _reaching(gateway: Guarded) -> FastAPI:
    """The gateway, with loopback among what it may fetch from."""
    return create_app(replace(gateway.app.state.parts, far_tables=FarTables(networks("127.0.0.1/32"))))


def test_a_table_is_fetched_from_its_address_once(gateway: Guarded) -> None:
    app, headers = _reaching(gateway), {"Authorization": f"Bearer {gateway.tokens['ada']}"}
    query = {"LANG": "ADQL", "QUERY": "SELECT name FROM TAP_UPLOAD.mine WHERE ra > 100"}
    with _served(_document(_written(_CELLS))) as (url, asked):
        answer = call(app, "POST", "/vo/tap/sync", headers=headers, data={**query, "UPLOAD": f"mine,{url}"})
        assert (rows(answer), asked) == ([["Sgr A*"]], ["/table.xml"])
        made = call(app, "POST", "/vo/tap/async", headers=headers, data={**query, "UPLOAD": f"mine,{url}"})
        assert len(asked) == 2
    # The job has what was there when it was made, whoever runs it and whether or not it is there still.
    place = made.headers["Location"].removeprefix(gateway.base)
    assert call(app, "POST", f"{place}/phase", headers=headers, data={"PHASE": "RUN"}).status_code == 303
    end = time.monotonic() + 20
    while gateway.queries.kept[place.rpartition("/")[2]].phase not in jobs.ENDED:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert rows(call(app, "GET", f"{place}/results/result", headers=headers)) == [["Sgr A*"]]


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"x" * 2_000_001, 200, "more than 2000000 bytes"),
        (b"<VOTABLE/>", 200, "cannot be read"),
        (b"", 302, "answered with status 302"),
        (b"", 404, "answered with status 404"),
    ],
)
def test_a_table_that_cannot_be_fetched_says_why(gateway: Guarded, content: bytes, status: int, said: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.tokens['ada']}"}
    with _served(content, status) as (url, asked):
        sent = {"LANG": "ADQL", "QUERY": "SELECT 1 AS a FROM TAP_UPLOAD.mine", "UPLOAD": f"mine,{url}"}
        answer = call(_reaching(gateway), "POST", "/vo/tap/sync", headers=headers, data=sent)
    assert (answer.status_code, said in answer.text, len(asked)) == (400, True, 1), answer.text


def test_a_server_that_dribbles_does_not_hold_a_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        tables = FarTables(networks("127.0.0.1/32"), seconds=0.3)
        with pytest.raises(NotFetched, match=r"within 0\.3 s"):
            tables.fetch(url, 100)
