"""The product spectral_fit of the protocol: spectra, their fit and its conversion are one job for the caller."""

from typing import Any

import pytest

from gateway.oda import endpoints
from mesh.contracts import Failure, JobView
from mesh.states import FailureKind, JobState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call, manifest, stage_product
from tests.unit.gateway.oda.test_run_analysis import ASKED

_FIT = ASKED | {"product_type": "spectral_fit", "src_name": "Crab", "xspec_model": "wabs * powerlaw"}


@pytest.fixture(autouse=True)
def _polls_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "HOLD_SECONDS", 0.0)


def _ask(gateway: Gateway, **arguments: Any) -> dict[str, Any]:
    answer = call(gateway.app, "GET", "/run_analysis", params=_FIT | arguments)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _job_of(gateway: Gateway, instrument: str) -> JobView:
    (found,) = [view for view in gateway.records.views.values() if view.instrument == instrument]
    return found


def _finish(gateway: Gateway, job_id: str, stage: str, name: str, **fields: Any) -> None:
    product = stage_product(stage, "job", {name: "0"})
    gateway.products.manifests[product.key] = manifest(product.key, {name: "0"})
    gateway.products.files[product.key, name] = b'{"numpy_data_product_list":[]}'
    gateway.records.finish(job_id, run_id=job_id, products=(product,), products_total=1, **fields)


def test_spectra_are_made_fitted_and_converted_under_one_id(gateway: Gateway) -> None:
    job_id = str(_ask(gateway)["job_monitor"]["job_id"])
    assert (_job_of(gateway, "isgri").product, gateway.records.views[job_id].face) == ("isgri_spectrum", "oda")
    _finish(gateway, job_id, "spectrum_sum", "isgri_spectrum_crab.fits")
    polled = {"query_status": "progress", "job_id": job_id}
    assert _ask(gateway, **polled)["query_status"] == "progress"
    fit = _job_of(gateway, "spectral_fit")
    asked = gateway.records.analyses[fit.request_key].parameters
    assert asked["spectra"] == [stage_product("spectrum_sum", "job", {}).key]
    assert (asked["model"], asked["source"]) == ("wabs*powerlaw", "Crab")
    assert asked["isgri_range"] == [[30.0, 300.0]]
    _finish(gateway, fit.job_id, "fit", "fit.json", warnings=("the model does not describe the data",))
    assert _ask(gateway, **polled)["query_status"] == "progress"
    export = _job_of(gateway, "oda_export")
    asked = gateway.records.analyses[export.request_key].parameters
    assert (asked["kind"], asked["name"]) == ("fit", "spectral_fit")
    assert asked["products"] == [stage_product("fit", "job", {}).key]
    _finish(gateway, export.job_id, "convert", "oda.json")
    told = _ask(gateway, **polled)
    assert (told["query_status"], told["job_monitor"]["job_id"]) == ("done", job_id)
    assert "does not describe" in told["exit_status"]["comment"]
    assert len(gateway.records.views) == 3


def test_a_fit_that_failed_says_why(gateway: Gateway) -> None:
    job_id = str(_ask(gateway)["job_monitor"]["job_id"])
    _finish(gateway, job_id, "spectrum_sum", "isgri_spectrum_crab.fits")
    _ask(gateway, query_status="progress", job_id=job_id)
    failure = Failure(kind=FailureKind.SCIENCE, reason="NoSuchSource", text="there are spectra of: Vela X-1")
    gateway.records.finish(_job_of(gateway, "spectral_fit").job_id, JobState.ERROR, failure=failure)
    told = _ask(gateway, query_status="progress", job_id=job_id)
    assert told["query_status"] == "failed"
    assert "Vela X-1" in told["exit_status"]["message"]


def test_other_models_sources_and_the_spectra_alone_are_other_jobs(gateway: Gateway) -> None:
    told = [
        _ask(gateway, **arguments)["job_monitor"]["job_id"]
        for arguments in (
            {},
            {"xspec_model": "wabs*powerlaw"},
            {"xspec_model": "powerlaw"},
            {"src_name": "Vela X-1"},
            {"product_type": "isgri_spectrum"},
        )
    ]
    assert told[0] == told[1]
    assert len(set(told)) == 4
    assert len({gateway.records.views[one].request_key for one in told}) == 1


def test_a_fit_that_cannot_be_read_is_refused_before_the_spectra_are_made(gateway: Gateway) -> None:
    answer = call(gateway.app, "POST", "/run_analysis", data=_FIT | {"xspec_model": "powerlaw" * 1_000})
    assert (answer.status_code, "model" in answer.json()["error"]) == (400, True), answer.text
    assert not gateway.records.views


def test_files_of_a_session_have_no_effect_and_the_comment_says_so(gateway: Gateway) -> None:
    job_id = str(_ask(gateway)["job_monitor"]["job_id"])
    names = call(gateway.app, "GET", "/api/par-names", params={"instrument": "isgri", "product_type": "spectral_fit"})
    assert "xspec_model" in names.json()
    told = _ask(gateway, ph_file_name="isgri_spectrum.fits", query_status="progress", job_id=job_id)
    assert "argument ph_file_name is not used" in told["exit_status"]["comment"]
