"""Whatever is sent to any address of the interface, the answer is no 500, and every error is a problem document."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.auth.access_file import Access, Rates
from gateway.problem import MEDIA_TYPE
from mesh.states import UnitState
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import call, key_of, manifest, stage_product, unit_row
from tests.unit.gateway.guarded import SIGNING, Guarded

_LABEL = "201600270010.001"
_KEY = key_of("image", _LABEL)
_FIELDS = ["labels", "draft", "destroy_after", "lane", "user", "roles", "scopes", "days"]
_TOKENS = [""]
_METHODS = ("get", "post", "delete", "put", "patch")
_EDGES = ("..", ".", "\x00", "\n", "%00", "é", "0" * 32, "0" * 64, "job", "latest", "-1", "1e400", "9" * 40, "a" * 5000)

_numbers = st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, float("nan"), float("inf")])
_texts = st.text(st.characters(), max_size=30) | st.sampled_from(_EDGES)
_json = st.recursive(
    st.none() | st.booleans() | _numbers | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture(params=["asks nobody", "asks callers"])
def full(gateway: Gateway, request: pytest.FixtureRequest) -> Gateway:
    """A gateway with a job that has everything, and its door open or not."""
    if request.param == "asks callers":
        guarded = Guarded(Access(signing=SIGNING, rates=Rates(anonymous_a_minute=0, anonymous_submissions_an_hour=0)))
        gateway = Gateway(guarded.app, guarded.records, guarded.products, guarded.publisher, guarded.quota)
        _TOKENS[:] = [guarded.tokens["eve"], guarded.tokens["ada"], "odm_", "a.b.c", ""]
    else:
        _TOKENS[:] = [""]
    job_id = gateway.submit()
    gateway.records.plan(job_id, [_LABEL])
    gateway.records.finish(job_id, products=(stage_product("mosaic", "job", {"mosaic.fits": "00"}),))
    gateway.products.manifests[_KEY] = manifest(_KEY, {"image.fits": "00"})
    gateway.products.logs[_KEY] = b"log"
    gateway.records.tables[job_id]["image", _LABEL] = unit_row("image", _LABEL, UnitState.DONE)
    return gateway


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _bodies(known: list[str]) -> st.SearchStrategy[Any]:
    """Good bodies with some of their fields changed, and anything else."""
    changed = st.dictionaries(st.sampled_from([*BODY, *known, "added"]), _json, max_size=3)
    inside = st.builds(
        lambda parameters, selection: {"parameters": parameters, "selection": selection},
        st.dictionaries(st.sampled_from(["bands", "catalogue", "background", "detection_threshold"]) | _texts, _json),
        st.dictionaries(st.sampled_from(["scws", "time", "cone", "max_pointings"]), _json),
    )
    return st.builds(lambda change: {**BODY, **change}, changed | inside) | _json


@pytest.mark.timeout(280)
def test_no_input_is_unexpected(full: Gateway) -> None:
    schema = full.call("GET", "/openapi.json").json()
    operations = list(_operations(schema))
    assert len(operations) > 12
    job_id = next(iter(full.records.views))
    request_key = full.records.views[job_id].request_key
    known = {"job_id": job_id, "request_key": request_key, "key": _KEY, "stage": "image", "label": _LABEL}
    known |= {"name": "image.fits", "user": "ada", "token_id": "0" * 20, "days": "2", "limit": "1"}

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def send(data: st.DataObject) -> None:
        method, path, operation = data.draw(st.sampled_from(operations))
        query, headers = {}, {}
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            value = data.draw(st.sampled_from([known.get(name, "1"), "true"]) | _texts)
            match parameter["in"]:
                case "path":
                    path = path.replace(f"{{{name}}}", quote(value.encode("utf-8", "surrogatepass"), safe=""))
                case "query" if data.draw(st.booleans()):
                    query[name] = value.encode("utf-8", "replace").decode()
                case "header" if data.draw(st.booleans()):
                    headers[name] = value.encode("latin-1", "replace").replace(b"\n", b" ").replace(b"\x00", b" ")
        if token := data.draw(st.sampled_from(_TOKENS)):
            headers["Authorization"] = f"Bearer {token}".encode()
        content = b""
        if "requestBody" in operation:
            headers["Content-Type"] = data.draw(st.sampled_from(["application/json", "text/plain"])).encode()
            content = json.dumps(data.draw(_bodies(_FIELDS))).encode()
            if data.draw(st.integers(0, 9)) == 0:
                content = data.draw(st.binary(max_size=50)) + content[: data.draw(st.integers(0, 50))]
        answer = call(full.app, method.upper(), path, params=query, headers=headers, content=content)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == MEDIA_TYPE
            assert answer.json()["type"].startswith("/api/v1/problems/")
            assert len(answer.content) < 20_000

    send()
