"""The gateway fails at any call between the end of an analysis and the conversion of its products: one conversion."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.oda import endpoints
from mesh.errors import StoreUnavailable
from mesh.states import JobState
from tests.integration.crash_points.injector import Died, Fault, Injector
from tests.unit.gateway.conftest import Gateway, gateway
from tests.unit.gateway.doubles import call, manifest, stage_product
from tests.unit.gateway.oda.test_run_analysis import ASKED, WINDOW

__all__ = ["gateway"]

_MOST_CALLS = 60


class _Faulty:
    """A double whose calls are counted, one of which fails."""

    def __init__(self, real: object, injector: Injector) -> None:
        self._real = real
        self._injector = injector

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def counted(*args: Any, **options: Any) -> Any:
            def work() -> Any:
                return found(*args, **options)

            return self._injector.call(name, work, StoreUnavailable("StoreUnavailable", "injected"))

        return counted


def _with_faults(gateway: Gateway, injector: Injector) -> Callable[[], FastAPI]:
    """Return how a gateway is started whose servers fail; one that died is started again."""
    parts = gateway.app.state.parts
    faulty = {name: _Faulty(getattr(parts, name), injector) for name in ("records", "products", "publisher")}
    return lambda: create_app(replace(parts, **faulty))


def _completed(gateway: Gateway) -> str:
    """Play an analysis to its end; nobody has asked for it since."""
    job_id = str(call(gateway.app, "GET", "/run_analysis", params=ASKED).json()["job_monitor"]["job_id"])
    product = stage_product("mosaic", "job", {"isgri_mosaic.fits": "0"})
    gateway.products.manifests[product.key] = manifest(product.key, {"isgri_mosaic.fits": "0"})
    gateway.records.plan(job_id, [WINDOW])
    gateway.records.finish(job_id, products=(product,), products_total=1)
    return job_id


def _poll(start: Callable[[], FastAPI], injector: Injector, job_id: str) -> dict[str, Any]:
    """Poll as the client does, which comes again after 503 and after a connection that broke."""
    arguments = ASKED | {"query_status": "progress", "job_id": job_id}
    app = start()
    for _ in range(5):
        try:
            answer: httpx.Response = call(app, "GET", "/run_analysis", params=arguments)
        except Died:
            injector.dead = False
            app = start()
            continue
        if answer.status_code == 503:
            continue
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content
    raise AssertionError("never answered")


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_products_are_converted_once_wherever_it_fails(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    # Polls are held while nothing changes, and here nothing does.
    monkeypatch.setattr(endpoints, "HOLD_SECONDS", 0.0)
    job_id = _completed(gateway)
    jobs, tables = dict(gateway.records.jobs), dict(gateway.records.views)
    hit = []
    for number in range(1, _MOST_CALLS):
        gateway.records.jobs, gateway.records.views = dict(jobs), dict(tables)
        gateway.publisher.sent.clear()
        injector = Injector(at=number, fault=fault, armed=True)
        start = _with_faults(gateway, injector)
        told = _poll(start, injector, job_id)
        assert (told["query_status"], told["job_monitor"]["job_id"]) == ("progress", job_id), injector.hit
        (export_id,) = set(gateway.records.jobs) - set(jobs)
        assert {getattr(document, "job_id", "") for _, document, _, _ in gateway.publisher.sent} <= {export_id}
        export = gateway.records.jobs[export_id]
        # As the dispatcher's sweep does with what is stored and not on its way.
        gateway.records.enter(gateway.records.analyses[export.request_key], export)

        written = stage_product("convert", "job", {"oda.json": "0"})
        gateway.products.files[written.key, "oda.json"] = b'{"numpy_data_product_list":[]}'
        gateway.products.manifests[written.key] = manifest(written.key, {"oda.json": "0"})
        gateway.records.finish(export_id, JobState.COMPLETED, run_id=export_id, products=(written,), products_total=1)
        assert _poll(start, injector, job_id)["query_status"] == "done", injector.hit
        assert set(gateway.records.views) == {job_id, export_id}
        if not injector.hit:
            break
        hit.append(injector.hit)
    assert {"views_of", "store", "enter", "publish", "read"} <= set(hit)
