"""Names: the reference catalogue and aliases first, then Sesame with its time-out, breaker and memory."""

import csv
import gzip
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from astropy.io import fits

from gateway.application import create_app
from gateway.archive import GatewayArchive
from gateway.names.catalogue import Catalogue, package_catalogue
from gateway.names.names import Names
from gateway.names.sesame import Sesame, SesameUnavailable, read_answer
from gateway.names.spelling import plain
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call

_ANSWER = """# {name}\t#Q22523
#=S=Simbad (CDS, via client/server):    1     4ms
%@ 1309480
%I.0 {name}
%C.0 GRB
%J 123.45670000 -45.67890000 = 08:13:49.6 -45:40:44
#====Done===
"""


class _Cds(ThreadingHTTPServer):
    """Plays Sesame: knows names that begin with `known`, and fails as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/nph-sesame"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Cds)
        name = unquote(self.path.partition("?")[2])
        server.asked.append(name)
        text = _ANSWER.format(name=name) if name.startswith("known") else f"# {name}\n#! *** Nothing found *** \n"
        self.send_response(server.status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        """Say nothing."""


@pytest.fixture
def cds() -> Iterator[_Cds]:
    server = _Cds()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def names() -> Names:
    return Names()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Crab", "Crab"),
        ("crab", "Crab"),
        ("Crab Nebula", "Crab"),
        ("M1", "Crab"),
        ("Taurus A", "Crab"),
        ("GX 1+4", "GX 1+4"),
        ("gx1+4", "GX 1+4"),
        ("Cygnus X-1", "Cyg X-1"),
        ("cyg x1", "Cyg X-1"),
        ("HDE 226868", "Cyg X-1"),
        ("Scorpius X−1", "Sco X-1"),  # with the sign for minus
        ("GRS1915+105", "GRS 1915+105"),
        ("Mkn 421", "Mrk 421"),
        ("Markarian 421", "Mrk 421"),
        ("Centaurus A", "Cen A"),
        ("IGR 17544-2619", "IGR J17544-2619"),
        ("Vela X-1", "Vela X-1"),
    ],
)
def test_a_source_is_known_in_every_spelling(names: Names, written: str, name: str) -> None:
    found = names.find(written)
    assert (found.name, found.origin) == (name, "reference catalogue")


def test_position_instruments_and_other_names_are_told(gateway: Gateway) -> None:
    told = gateway.call("GET", "/names", params={"name": "Crab"}).json()
    assert told["ra"] == pytest.approx(83.633, abs=0.01)
    assert told["dec"] == pytest.approx(22.0145, abs=0.01)
    assert told["detected_by"] == ["isgri", "jemx"]
    assert "Tau X-1" in told["other_names"]


def test_every_alias_leads_to_one_source_and_hides_none() -> None:
    catalogue = package_catalogue()
    rows = list(csv.DictReader((files("gateway.names") / "data/aliases.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 50
    for row in rows:
        found = catalogue.find(row["alias"])
        assert found is not None
        assert (found[0].name, found[1]) == (row["name"], True), row


def test_no_two_sources_of_the_catalogue_have_one_spelling() -> None:
    text = (files("science.coded_mask") / "data/reference_sources.csv").read_text(encoding="utf-8")
    names = [row["name"] for row in csv.DictReader(text.splitlines())]
    spellings: dict[str, list[str]] = {}
    for name in names:
        spellings.setdefault(plain(name), []).append(name)
    assert [same for same in spellings.values() if len(same) > 1] == []


@pytest.mark.parametrize("sign", ["-", "+"])
def test_the_sign_of_a_declination_tells_sources_apart(sign: str) -> None:
    assert plain(f"GX 339{sign}4") != plain("GX 339 4")
    assert plain("GX 339-4") != plain("GX 339+4")


def test_an_ambiguous_name_lists_what_it_may_be(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/names", params={"name": "Cyg X"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/problems/ambiguous-name")
    assert [error["allowed"] for error in answer.json()["errors"]] == ["Cyg X-1", "Cyg X-2", "Cyg X-3"]


def test_a_name_that_nobody_knows_is_told_with_what_is_near_and_whom_nobody_asked(gateway: Gateway) -> None:
    for name in ("Cyk X-1", "GRS 1915+10"):
        answer = gateway.call("GET", "/names", params={"name": name})
        assert answer.status_code == 404
        detail = answer.json()["detail"]
        assert "Did you mean" in detail
        assert "ODAMESH_GATEWAY_SESAME" in detail


def test_what_is_no_name_is_refused(gateway: Gateway) -> None:
    for name in ("", " ", "+-", "\x00", "x" * 129):
        assert gateway.call("GET", "/names", params={"name": name}).status_code in {404, 422}


def test_sesame_is_asked_for_what_is_not_in_the_catalogue_and_only_once(gateway: Gateway, cds: _Cds) -> None:
    app = create_app(replace(gateway.app.state.parts, names=Names(sesame=Sesame(cds.address))))
    for written in ("known 1", "Known  1"):
        told = call(app, "GET", "/api/v1/names", params={"name": written}).json()
        assert (told["ra"], told["dec"], told["kind"], told["origin"]) == (123.4567, -45.6789, "GRB", "Sesame (CDS)")
    assert call(app, "GET", "/api/v1/names", params={"name": "Crab"}).json()["origin"] == "reference catalogue"
    answer = call(app, "GET", "/api/v1/names", params={"name": "nobody"})
    assert (answer.status_code, "nor does Sesame" in answer.json()["detail"]) == (404, True)
    call(app, "GET", "/api/v1/names", params={"name": "nobody"})
    assert cds.asked == ["known 1", "nobody"]


def test_after_two_failures_sesame_is_left_alone_for_a_while(cds: _Cds) -> None:
    now = [0.0]
    sesame = Sesame(cds.address, clock=lambda: now[0])
    assert sesame.find("known before") is not None
    cds.status = 500
    for _ in range(3):
        with pytest.raises(SesameUnavailable):
            sesame.find("known 2")
    assert cds.asked == ["known before", "known 2", "known 2"]
    assert sesame.find("known before") is not None  # what is remembered needs nobody
    cds.status, now[0] = 200, 121.0
    assert sesame.find("known 2") is not None


def test_what_is_remembered_is_asked_again_in_the_end(cds: _Cds) -> None:
    now = [0.0]
    sesame = Sesame(cds.address, clock=lambda: now[0])
    sesame.find("nobody")
    now[0] = 3_601.0
    sesame.find("nobody")
    assert len(cds.asked) == 2


def test_a_network_that_is_not_there_is_told_in_words(gateway: Gateway) -> None:
    app = create_app(replace(gateway.app.state.parts, names=Names(sesame=Sesame("http://127.0.0.1:9/nph"))))
    answer = call(app, "GET", "/api/v1/names", params={"name": "GRB 170817A"})
    assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (404, True)
    assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize("text", ["<html>captive portal</html>", "", "# x\n%J 400.0 10.0\n"])
def test_what_is_no_answer_of_sesame_is_not_believed(text: str) -> None:
    with pytest.raises(ValueError, match=r"not one of Sesame|out of range"):
        read_answer(text)


def _reference_catalogue(name: str) -> bytes:
    columns = [
        fits.Column("NAME", "20A", array=np.array([name])),
        fits.Column("RA_OBJ", "1E", array=np.array([83.0], np.float32)),
        fits.Column("DEC_OBJ", "1E", array=np.array([-5.0], np.float32)),
        fits.Column("ISGRI_FLAG", "1B", array=np.array([1], np.uint8)),
        fits.Column("JEMX_FLAG", "1B", array=np.array([0], np.uint8)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="GNRL-REFR-CAT")
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(stream)
    return gzip.compress(stream.getvalue())


def test_the_catalogue_of_the_archive_takes_the_place_of_the_packages(tmp_path: Path) -> None:
    place = tmp_path / "cat" / "hec" / "gnrl_refr_cat_0043.fits.gz"
    place.parent.mkdir(parents=True)
    place.write_bytes(_reference_catalogue("Archive source"))
    names = Names(GatewayArchive(str(tmp_path)).catalogue)
    found = names.find("archive SOURCE")
    assert (found.ra, found.dec, found.detected_by) == (83.0, -5.0, ("isgri",))
    place.write_bytes(b"damaged")
    assert Names(GatewayArchive(str(tmp_path)).catalogue).find("Crab").name == "Crab"


def test_aliases_of_sources_that_a_catalogue_lacks_lead_nowhere() -> None:
    assert Catalogue([], [("Tau X-1", "Crab")]).find("Tau X-1") is None
