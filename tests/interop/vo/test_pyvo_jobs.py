"""pyvo 1.9 runs analyses: UWS jobs, results as DataLink tables, and the service to ask again."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
import requests
from astropy.io import fits
from astropy.io.votable import parse_single_table
from prov.model import ProvActivity, ProvDocument
from pyvo.dal import AsyncTAPJob, DALServiceError
from pyvo.dal.adhoc import DatalinkResults
from pyvo.io.uws import parse_job_list

from odamesh import Mesh
from tests.integration.mesh.windows import EMPTY, GALACTIC_CENTRE
from tests.interop.vo.schemas import check

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

WINDOWS = ",".join(GALACTIC_CENTRE[:2])
Make = Callable[..., AsyncTAPJob]


@pytest.fixture
def make(root: str) -> Make:
    """Make jobs of ISGRI images as pyvo does: its query of TAP comes along with the parameters."""

    def job(**sent: object) -> AsyncTAPJob:
        return AsyncTAPJob.create(f"{root}/vo/isgri/isgri_image", "", **{"SCWS": WINDOWS, "BANDS": "20-40", **sent})

    return job


def test_a_job_runs_and_its_links_lead_to_everything(make: Make, mesh: Mesh) -> None:
    with make(RUNID="first") as job:
        assert (job.phase, job.uws_version, job.job.runid) == ("PENDING", "1.1", "first")
        job.run().wait()
        assert job.phase == "COMPLETED"
        assert (job.quote, job.execution_duration.sec) == (None, 0)
        info = requests.get(job.url, timeout=20)
        check(info.content, "UWS")
        table = requests.get(job.result_uri, timeout=20)
        check(table.content, "VOTable")
        links = DatalinkResults.from_result_url(job.result_uri)
        image = next(
            one for one in links.bysemantics("#this", include_narrower=False) if one.access_url.endswith("mosaic.fits")
        )
        with fits.open(image.access_url, cache=False) as hdus:
            assert {hdu.header.get("IMATYPE") for hdu in hdus} >= {"INTENSITY", "SIGNIFICANCE"}
        assert next(one.content_type for one in links.bysemantics("#preview", include_narrower=False)) == "image/png"
        auxiliary = list(links.bysemantics("#auxiliary", include_narrower=False))
        for one in auxiliary:
            assert requests.get(one.access_url, timeout=20).status_code == 200
        record = next(one for one in auxiliary if one.content_type == "application/provenance+json")
        told = requests.get(record.access_url, timeout=20)
        assert set(GALACTIC_CENTRE[:2]) <= set(re.findall(r"scw/[0-9]{4}/([0-9]{12})", told.text))
        assert ProvDocument.deserialize(content=told.text).get_records(ProvActivity)
        # The same job is seen at the mesh's own door, under the same id.
        assert mesh.job(job.job_id).state == "COMPLETED"
        url = job.url
    assert requests.get(url, timeout=20).status_code == 404


def test_the_service_of_a_result_makes_the_same_with_other_parameters(make: Make) -> None:
    with make().run().wait() as job:
        again = next(DatalinkResults.from_result_url(job.result_uri).bysemantics("#proc", include_narrower=False))
        assert again.input_params
        other = parse_single_table(BytesIO(again.process(SCWS=GALACTIC_CENTRE[0]).read()))
        assert any(url.endswith("mosaic.fits") for url in other.to_table()["access_url"])
        assert job.job_id not in set(other.to_table()["ID"])


def test_a_job_is_aborted_changed_and_kept(make: Make) -> None:
    with make(SCWS=",".join(GALACTIC_CENTRE), BANDS="21-41") as job:
        job.destruction = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert job.destruction.isot.startswith("2027-01-02T03:04:05")
        requests.post(f"{job.url}/parameters", data={"BANDS": "22-42"}, timeout=20).raise_for_status()
        assert {one.id_: one.content for one in job.job.parameters}["BANDS"] == "22.0-42.0"
        job.abort()
        assert job.phase == "ABORTED"
        with pytest.raises(DALServiceError, match="not active"):
            job.wait()


def test_windows_that_fail_are_named_and_a_job_without_any_fails_with_the_reason(make: Make) -> None:
    with make(SCWS=f"{WINDOWS},{EMPTY}").run().wait() as job:
        assert job.phase == "COMPLETED"
        assert EMPTY in requests.get(job.result_uri, timeout=20).text
    with make(SCWS=EMPTY).run().wait() as job:
        assert job.phase == "ERROR"
        assert job.job.errorsummary.message.content
        check(requests.get(job.url, timeout=20).content, "UWS")
        check(requests.get(f"{job.url}/error", timeout=20).content, "VOTable")


def test_jobs_of_other_doors_are_listed(make: Make, root: str, mesh: Mesh) -> None:
    theirs = mesh.isgri.image(scws=GALACTIC_CENTRE[:2], bands=[(20, 40)])
    with make() as mine:
        answer = requests.get(f"{root}/vo/isgri/isgri_image/async?LAST=2", timeout=20)
        check(answer.content, "UWS")
        listed = parse_job_list(requests.get(f"{root}/vo/isgri/isgri_image/async", stream=True, timeout=20).raw.read)
        assert [job.jobid for job in listed][:2] == [mine.job_id, theirs.id]


def test_the_synchronous_form_brings_the_links(root: str, make: Make) -> None:
    with make().run().wait():
        answer = requests.get(f"{root}/vo/isgri/isgri_image/sync?SCWS={WINDOWS}&BANDS=20-40", timeout=100)
        check(answer.content, "VOTable")
        assert "mosaic.fits" in answer.text


def test_a_wrong_parameter_is_an_error_that_pyvo_tells(make: Make) -> None:
    with pytest.raises(DALServiceError, match="400"):
        make(BANDZ="20-40")
