"""Tables that are asked in ADQL: whose jobs are in them, and what may be asked."""

import time
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from gateway.vo.tap import adql, database
from gateway.vo.tap.tables import OBSERVATIONS
from mesh.errors import InvalidRequest
from tests.unit.gateway.doubles import stage_product
from tests.unit.gateway.guarded import Guarded

_VOTABLE = {"v": "http://www.ivoa.net/xml/VOTable/v1.3"}
_IDS = "SELECT DISTINCT obs_id FROM ivoa.obscore"


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def finished(gateway: Guarded, who: str | None, **fields: Any) -> str:
    """Have somebody's job end with a mosaic and its preview."""
    job_id = gateway.submit(who, **fields)
    product = stage_product("mosaic", "job", {"mosaic.fits": "00", "mosaic.png": "00"})
    gateway.records.finish(job_id, products=(product,), products_total=1, finished="2026-01-02T03:04:05.000Z")
    return job_id


def ask(gateway: Guarded, who: str | None, query: str, **sent: str) -> httpx.Response:
    return gateway.call("GET", "/vo/tap/sync", who, whole=True, params={"LANG": "ADQL", "QUERY": query, **sent})


def rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    root = ElementTree.fromstring(answer.content)  # noqa: S314
    return [[cell.text or "" for cell in row] for row in root.iterfind(".//v:TR", _VOTABLE)]


def test_each_caller_finds_the_files_of_their_own_jobs(gateway: Guarded) -> None:
    ada, bob = finished(gateway, "ada"), finished(gateway, "bob")
    gateway.submit("ada")
    assert rows(ask(gateway, "ada", _IDS)) == [[ada]]
    assert rows(ask(gateway, "bob", "select obs_id, dataproduct_type from ivoa.ObsCore")) == [[bob, "image"]]
    assert sorted(rows(ask(gateway, "eve", _IDS))) == sorted([[ada], [bob]])
    assert ask(gateway, None, _IDS).status_code == 403
    assert len(rows(ask(gateway, None, "SELECT table_name FROM tap_schema.tables"))) == 6


def test_a_deleted_job_is_not_found_any_more(gateway: Guarded) -> None:
    ada = finished(gateway, "ada")
    assert rows(ask(gateway, "ada", _IDS)) == [[ada]]
    del gateway.records.views[ada]
    assert rows(ask(gateway, "ada", _IDS)) == []


def test_a_file_is_told_with_its_energies_address_and_size(gateway: Guarded) -> None:
    job_id = finished(gateway, "ada", parameters={"bands": [[20, 40], [40, 80]]}, labels=["GX 1+4"])
    names = "target_name, em_min, em_max, em_xel, access_url, access_estsize, obs_publisher_did"
    found = rows(ask(gateway, "ada", f"SELECT {names} FROM ivoa.obscore"))[0]
    assert (found[0], found[3], found[5]) == ("GX 1+4", "2", "1")
    assert (float(found[1]), float(found[2])) == pytest.approx((1.54980248e-11, 6.19920992e-11))
    assert found[4] == f"http://gateway.test/api/v1/jobs/{job_id}/products/mosaic/job/mosaic.fits"
    assert found[6] == f"ivo://odamesh/{job_id}?mosaic/job/mosaic.fits"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DROP TABLE ivoa.obscore", "not one SELECT"),
        ("SELECT obs_id FROM ivoa.obscore; SELECT 1", "not one SELECT"),
        ("SELECT * FROM sqlite_master", "no table"),
        ("SELECT * FROM TAP_UPLOAD.mine", "did not come with the query"),
        (
            "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(BOX('ICRS', 1, 2, 3, 4), s_region)",
            "BOX is not possible",
        ),
        ("SELECT AREA(POLYGON('ICRS', 1, 2, 3, 4)) AS a FROM ivoa.obscore", "at least three corners"),
        ("SELECT AREA(POLYGON(1, 2, 3, 4, 5)) AS a FROM ivoa.obscore", "at least three corners"),
        ("SELECT AREA(POLYGON(POINT(1, 2), POINT(3, 4))) AS a FROM ivoa.obscore", "at least three corners"),
        ("SELECT * FROM main.sqlite_master", "no table"),
        ("SELECT nothing FROM ivoa.obscore", "could not be resolved"),
        ('SELECT "nothing" FROM ivoa.obscore', "could not be resolved"),
        ("SELECT randomblob(9) FROM tap_schema.tables", "not authorized"),
        ("SELECT load_extension('x') FROM tap_schema.tables", "not authorized"),
        ("SELECT RING('ICRS', 1, 2) FROM tap_schema.tables", "no such function"),
        ("WITH t AS (SELECT 1 AS a) SELECT * FROM t", "WITH"),
        ("SELECT FROM", "QUERY"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "QUERY"),
        ("", "QUERY"),
        ("x" * 30_000, "longer"),
    ],
)
def test_what_is_no_query_is_refused_in_words(gateway: Guarded, query: str, said: str) -> None:
    answer = ask(gateway, "ada", query)
    assert (answer.status_code, "ERROR" in answer.text, said in answer.text) == (400, True, True), answer.text


@pytest.mark.parametrize(
    "sent",
    [{"LANG": "SQL"}, {"REQUEST": "drop"}, {"FORMAT": "pdf"}, {"MAXREC": "-1"}, {"MAXREC": "x"}, {"UPLOAD": "t,u"}],
)
def test_what_is_not_offered_is_refused(gateway: Guarded, sent: dict[str, str]) -> None:
    assert ask(gateway, "ada", "SELECT table_name FROM tap_schema.tables", **sent).status_code == 400


def test_more_rows_than_wanted_are_an_overflow(gateway: Guarded) -> None:
    query = "SELECT column_name FROM tap_schema.columns"
    cut = ask(gateway, "ada", query, MAXREC="3")
    assert (len(rows(cut)), "OVERFLOW" in cut.text) == (3, True)
    whole = ask(gateway, "ada", f"{query} WHERE table_name = 'tap_schema.schemas'", MAXREC="4")
    assert (len(rows(whole)), "OVERFLOW" in whole.text) == (4, False)
    assert rows(ask(gateway, "ada", query, MAXREC="0")) == []


def _one(expression: str) -> Any:
    query = adql.read_query(f"SELECT {expression} AS a FROM tap_schema.tables WHERE table_name = 'ivoa.obscore'")
    return database.run(query, [], 1)[1][0][0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("DISTANCE(POINT('ICRS', 0, 0), POINT('ICRS', 0, 90))", 90.0),
        ("DISTANCE(10.0, 60.0, 10.0, 60.5)", 0.5),
        ("CONTAINS(POINT('ICRS', 359.9, 0), CIRCLE('ICRS', 0.1, 0, 0.3))", 1),
        ("CONTAINS(POINT(2, 0), CIRCLE(0, 0, 1))", 0),
        ("CONTAINS(CIRCLE(0, 0, 0.5), CIRCLE(POINT(0, 0), 1))", 1),
        ("INTERSECTS(CIRCLE('', 0, 89, 2), CIRCLE('', 180, 89, 1))", 1),
        ("COORD2(CENTROID(CIRCLE(1, 2, 3)))", 2.0),
        ("CONTAINS(POINT('ICRS', 1, 1), POLYGON('ICRS', 0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("CONTAINS(POINT(3, 1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 0),
        ("CONTAINS(POINT(0, 0), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("CONTAINS(POINT(0.5, 0), POLYGON(POINT(359, -1), POINT(1, -1), POINT(1, 1), POINT(359, 1)))", 1),
        ("CONTAINS(POINT(200, 89.9), POLYGON(0, 89, 90, 89, 180, 89, 270, 89))", 1),
        ("CONTAINS(CIRCLE(1, 1, 0.9), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("CONTAINS(CIRCLE(1, 1, 1.1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 0),
        ("CONTAINS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), CIRCLE(1, 1, 1.5))", 1),
        ("CONTAINS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), CIRCLE(1, 1, 1.3))", 0),
        ("CONTAINS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), CIRCLE(90, 0, 100))", 1),
        ("CONTAINS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), CIRCLE(180, 0, 175))", 0),
        ("CONTAINS(POLYGON(1, 1, 2, 1, 2, 2), POLYGON(0, 0, 3, 0, 3, 3, 0, 3))", 1),
        ("CONTAINS(POLYGON(1, 1, 4, 1, 2, 2), POLYGON(0, 0, 3, 0, 3, 3, 0, 3))", 0),
        ("CONTAINS(POLYGON(0.5, 0.5, 3.5, 0.5, 3.5, 1), POLYGON(0, 0, 4, 0, 4, 4, 2, 0.2, 0, 4))", 0),
        ("INTERSECTS(CIRCLE(3, 1, 1.01), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("INTERSECTS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), CIRCLE(3, 1, 0.99))", 0),
        ("INTERSECTS(POLYGON(-1, 0.9, 4, 0.9, 4, 1.1, -1, 1.1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("INTERSECTS(POLYGON(0.5, 0.5, 1, 0.5, 1, 1), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 1),
        ("INTERSECTS(POLYGON(5, 5, 6, 5, 6, 6), POLYGON(0, 0, 2, 0, 2, 2, 0, 2))", 0),
        ("AREA(POLYGON(0, 0, 90, 0, 0, 90))", 41252.9612 / 8),
        ("COORD1(CENTROID(POLYGON(0, 0, 0, 90, 90, 0)))", 45.0),
        ("COORD2(CENTROID(POLYGON(0, 0, 90, 0, 0, 90)))", 35.2643897),
        ("COORD1(POLYGON(0, 0, 90, 0, 0, 90))", None),
        ("AREA(CIRCLE(0, 0, 180))", 41252.9612),
        ("LOG(EXP(2))", 2.0),
        ("MOD(7, 3)", 1),
        ("CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 1))", None),
    ],
)
def test_functions_of_adql(expression: str, value: float | None) -> None:
    if "s_ra" in expression:
        row = [None] * len(OBSERVATIONS.columns)
        found = database.run(adql.read_query(f"SELECT {expression} AS a FROM ivoa.obscore"), [tuple(row)], 1)[1]
        assert found == [(None,)]
    else:
        assert _one(expression) == (None if value is None else pytest.approx(value))


def test_the_area_of_a_polygon_with_a_notch() -> None:
    assert _one("AREA(POLYGON(0, 0, 4, 0, 4, 4, 2, 1, 0, 4))") == pytest.approx(10.0, rel=3e-3)


def test_a_query_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS", 0.2)
    tables = ", ".join(f"tap_schema.columns AS c{number}" for number in range(6))
    begin = time.monotonic()
    with pytest.raises(InvalidRequest, match="ran longer"):
        database.run(adql.read_query(f"SELECT COUNT(*) AS n FROM {tables}"), [], 1)
    assert time.monotonic() - begin < 60
