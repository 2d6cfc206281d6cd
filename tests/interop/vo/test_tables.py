"""pyvo, astroquery and STILTS find what jobs made: TAP, ObsCore, SIA2, DataLink and coverage maps."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
import requests
from astropy.table import Table
from astropy.time import Time
from astroquery.utils.tap.core import TapPlus
from mocpy import MOC, TimeMOC
from pyvo.dal import DALQueryError, SIA2Service, TAPService

from tests.interop.vo.schemas import check
from tests.interop.vo.served import served

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

_NEAR = "1 = CONTAINS(POINT('ICRS', 266.4, -29.0), s_region)"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with served(tmp_path_factory.mktemp("archive")) as found:
        yield found


@pytest.fixture
def root(gateway: tuple[str, str]) -> str:
    """Address of the gateway."""
    return gateway[0]


@pytest.fixture
def image(gateway: tuple[str, str]) -> str:
    """Id of a job with a mosaic."""
    return gateway[1]


def test_pyvo_asks_in_adql_and_follows_the_links(root: str, image: str) -> None:
    service = TAPService(f"{root}/vo/tap")
    assert "ivoa.obscore" in service.tables
    found = service.run_sync(f"SELECT * FROM ivoa.obscore WHERE {_NEAR} AND obs_id = '{image}'")
    mosaic = next(row for row in found if row["access_url"].endswith("mosaic.fits"))
    assert (mosaic["dataproduct_type"], mosaic["instrument_name"]) == ("image", "INTEGRAL IBIS/ISGRI")
    assert 58420 < mosaic["t_min"] < mosaic["t_max"] < 58421
    assert mosaic["em_min"] == pytest.approx(3.0996e-11, rel=1e-4)
    assert requests.get(mosaic["access_url"], timeout=20).content.startswith(b"SIMPLE")
    links = mosaic.getdatalink()
    this = links.bysemantics("#this", include_narrower=False)
    assert [one.access_url for one in this] == [mosaic["access_url"]]
    with pytest.raises(DALQueryError, match="could not be resolved"):
        service.run_sync("SELECT nothing FROM ivoa.obscore")


def test_pyvo_runs_queries_as_jobs(root: str, image: str) -> None:
    job = TAPService(f"{root}/vo/tap").submit_job(f"SELECT obs_id FROM ivoa.obscore WHERE obs_id = '{image}'")
    job.run().wait()
    assert set(job.fetch_result()["obs_id"]) == {image}
    check(requests.get(job.url, timeout=20).content, "UWS")
    job.delete()


def test_pyvo_finds_images(root: str, image: str) -> None:
    service = SIA2Service(f"{root}/vo/sia2")
    near = service.search(pos=(266.4, -29.0, 1.0), time=(Time(58420.0, format="mjd"), Time(58421.0, format="mjd")))
    assert image in {row.obs_id for row in near}
    assert len(service.search(pos=(83.6, 22.0, 1.0))) == 0
    assert image not in {
        row.obs_id for row in service.search(time=(Time(50000.0, format="mjd"), Time(50001.0, format="mjd")))
    }
    assert {row.instrument_name for row in service.search(instrument="INTEGRAL IBIS/ISGRI")} == {"INTEGRAL IBIS/ISGRI"}


def test_astroquery_asks_both_ways(root: str, image: str) -> None:
    tap = TapPlus(url=f"{root}/vo/tap", verbose=False)
    # Its load_tables() wants an attribute of ESA's services, which the schema forbids.
    listed = tap.launch_job("SELECT table_name FROM tap_schema.tables").get_results()
    assert "ivoa.obscore" in set(listed["table_name"])
    query = f"SELECT TOP 5 obs_id, s_ra FROM ivoa.obscore WHERE obs_id = '{image}'"
    assert set(tap.launch_job(query).get_results()["obs_id"]) == {image}
    assert set(tap.launch_job_async(query).get_results()["obs_id"]) == {image}


def test_coverage_is_read_by_mocpy(root: str, image: str) -> None:
    text = requests.get(f"{root}/vo/moc/{image}", timeout=20).text
    space = MOC.from_string(text, format="ascii")
    assert space.contains_lonlat(np.array([266.4]) * u.deg, np.array([-29.0]) * u.deg).all()
    assert 0.01 < space.sky_fraction < 0.1
    same = MOC.from_json(requests.get(f"{root}/vo/moc/{image}?RESPONSEFORMAT=json", timeout=20).json())
    assert same == space
    times = TimeMOC.from_string(requests.get(f"{root}/vo/moc/{image}?AXIS=time", timeout=20).text.strip(), "ascii")
    assert float(times.min_time.mjd) == pytest.approx(58420.137, abs=0.003)


@pytest.mark.parametrize("service", ["tap", "sia2", "datalink", "isgri/isgri_image"])
def test_services_describe_themselves(root: str, service: str) -> None:
    for kind in ("capabilities", "availability", *(["tables"] if service == "tap" else [])):
        check(requests.get(f"{root}/vo/{service}/{kind}", timeout=20).content, kind)


def test_queries_have_polygons(root: str, image: str) -> None:
    service = TAPService(f"{root}/vo/tap")
    (features,) = service.get_tap_capability().get_adql().languagefeaturelists
    assert "POLYGON" in {feature.form for feature in features}
    near = "POLYGON('ICRS', 260, -35, 272, -35, 272, -23, 260, -23)"
    where = f"1 = CONTAINS(POINT('ICRS', s_ra, s_dec), {near}) AND 1 = INTERSECTS({near}, s_region)"
    assert image in set(service.run_sync(f"SELECT obs_id FROM ivoa.obscore WHERE {where}")["obs_id"])


@pytest.mark.parametrize("form", ["tabledata", "binary", "binary2"])
def test_tables_are_sent_and_joined(root: str, image: str, form: str) -> None:
    service = TAPService(f"{root}/vo/tap")
    ways = [method.ivo_id.rpartition("#upload-")[2] for method in service.upload_methods]
    assert ways == ["inline", "http", "https"]
    mine = Table({"Name": ["Sgr A*", "Crab"], "RA": [266.4, 83.6], "Dec": [-29.0, 22.0], "B-V": [1, 2]})
    content = BytesIO()
    mine.write(content, format="votable", tabledata_format=form)
    joined = (
        'SELECT m.*, m."B-V" AS colour, o.obs_id FROM TAP_UPLOAD.mine AS m '
        "JOIN ivoa.obscore AS o ON 1 = CONTAINS(POINT('ICRS', m.RA, m.Dec), o.s_region)"
    )
    found = service.run_sync(joined, uploads={"mine": BytesIO(content.getvalue())}).to_table()
    assert found.colnames[:5] == ["Name", "RA", "Dec", "B-V", "colour"]
    assert (set(found["Name"]), set(found["colour"]), set(found["obs_id"])) == ({"Sgr A*"}, {1}, {image})
    job = service.submit_job(joined, uploads={"mine": mine})
    job.run().wait()
    assert set(job.fetch_result()["Name"]) == {"Sgr A*"}
    job.delete()


@pytest.mark.timeout(600)
def test_stilts_finds_no_fault(root: str, image: str, tmp_path: Path) -> None:
    stilts = shutil.which("stilts")
    if stilts is None:
        pytest.skip("Debian's package stilts is not there: `odamesh stack up` of the tests installs it")
    stages = "TMV TME TMS TMC CPV CAP AVV QGE QPO QAS UWS MDQ OBS UPL"
    options = [f"tapurl={root}/vo/tap", f"stages={stages}", "report=EFW"]
    told = subprocess.run([stilts, "taplint", *options], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Totals: Errors: 0; Warnings: 0;.*Failures: 0", told), told
    output = tmp_path / "found.csv"
    query = [f"tapurl={root}/vo/tap", "adql=SELECT TOP 1 s_ra, s_dec FROM ivoa.obscore WHERE s_ra > 0", "sync=false"]
    subprocess.run([stilts, "tapquery", *query, f"out={output}", "ofmt=csv"], check=True, capture_output=True)
    assert np.loadtxt(StringIO(output.read_text()), delimiter=",", skiprows=1).shape == (2,)
    # What a query gave goes on through its pipes, and so do the links of a job.
    answer = f"{root}/vo/tap/sync?LANG=ADQL&QUERY=SELECT%20obs_id,s_ra,em_min%20FROM%20ivoa.obscore"
    assert _piped(stilts, answer, "select !NULL_s_ra", "keepcols 's_ra em_min'").startswith("s_ra,em_min\n")
    place = f"{root}/vo/datalink/links?ID={image}"
    links = _piped(stilts, place, "select 'matches(semantics, \"#this\")'", "keepcols access_url")
    assert links.splitlines()[1].endswith("mosaic.fits")


def _piped(stilts: str, table: str, *steps: str) -> str:
    """Return a table of ours as STILTS has it after some steps, as CSV."""
    commands = [f"cmd={step}" for step in steps]
    words = [stilts, "tpipe", f"in={table}", "ifmt=votable", *commands, "omode=out", "ofmt=csv", "out=-"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
