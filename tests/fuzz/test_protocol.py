"""Requests of the protocol of oda_api, nearly good ones: what is made at random is refused at once."""

import json
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.anything import changed, texts, values
from tests.fuzz.exchange import WHO, exchange
from tests.fuzz.ground import Ground
from tests.fuzz.served import served

_CATALOGUE = {
    "cat_frame": "fk5",
    "cat_coord_units": "deg",
    "cat_lon_name": "ra",
    "cat_lat_name": "dec",
    "cat_column_names": ["meta_ID", "src_names", "significance", "ra", "dec"],
    "cat_column_list": [[1], ["Crab"], [10.0], [83.63], [22.01]],
}
_protocol = changed(
    {
        "instrument": "isgri",
        "product_type": "isgri_image",
        "query_status": "new",
        "session_id": "A" * 16,
        "scw_list": "201600270010.001",
        "E1_keV": "20",
        "E2_keV": "40",
        "T1": "57818.5",
        "T2": "57819.5",
        "T_format": "mjd",
        "detection_threshold": "7",
        "job_id": "\x00",
        "max_pointings": "5",
        "group_by_job": "True",
        "selected_catalog": json.dumps(_CATALOGUE),
        "catalog_selected_objects": "1",
        "osa_version": "OSA11.2",
        "xspec_model": "powerlaw",
        "jemx_num": "1",
    },
    texts
    | values.map(json.dumps)
    | changed(_CATALOGUE, values).map(json.dumps)
    | st.sampled_from(
        ["jemx", "spi_acs", "polar", "jemx_image", "isgri_lc", "spi_acs_lc", "polar_lc", "done", "progress"]
    )
    | st.lists(texts, max_size=3),
)
_ADDRESSES = ("/run_analysis", "/dispatch-data//run_analysis", "/inspect-state", "/api/meta-data", "/api/par-names")


@pytest.mark.parametrize(
    "cases", [pytest.param(250, id="some"), pytest.param(10_000, id="many", marks=[pytest.mark.long])]
)
@pytest.mark.timeout(3600)
def test_every_answer_of_the_protocol_is_decent(ground: Ground, cases: int) -> None:
    with served(ground.gateway.app) as port, requests.Session() as session:

        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def ask(data: st.DataObject) -> None:
            sent = data.draw(_protocol)
            job_id = data.draw(st.sampled_from([sent["job_id"], *ground.known["job_id"]]))
            method, place = data.draw(st.sampled_from([("GET", "params"), ("POST", "data"), ("POST", "params")]))
            address = data.draw(st.sampled_from(_ADDRESSES)) if method == "GET" else _ADDRESSES[0]
            request: dict[str, Any] = {"method": method, "url": f"http://127.0.0.1:{port}{address}", "headers": {}}
            request[place] = {**sent, "job_id": job_id}
            exchange(ground, session, request, data.draw(st.sampled_from(WHO)))

        ask()
