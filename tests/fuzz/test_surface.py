"""Requests made from the description of the interface, good and bad ones, by nobody, users and an operator."""

import json
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.fuzz.anything import changed, texts, values
from tests.fuzz.exchange import WHO, exchange
from tests.fuzz.ground import Ground
from tests.fuzz.served import served
from tests.fuzz.surface import surface
from tests.unit.gateway.conftest import BODY

_SUBMISSION = {
    **BODY,
    "parameters": {},
    "labels": [],
    "lane": "user",
    "draft": True,
    "destroy_after": None,
    "user": None,
}
_INSIDE = st.fixed_dictionaries(
    {
        "parameters": st.dictionaries(
            st.sampled_from(["bands", "catalogue", "background", "detection_threshold"]) | texts, values, max_size=3
        ),
        "selection": st.dictionaries(st.sampled_from(["scws", "time", "cone", "max_pointings"]), values, max_size=3),
    }
)
_submissions = changed(_SUBMISSION, values) | st.builds(lambda inside: {**BODY, **inside}, _INSIDE) | values


def _cases(ground: Ground) -> st.SearchStrategy[Any]:
    schema = schemathesis.openapi.from_dict(surface(ground.gateway.app))
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([schema.as_strategy(generation_mode=mode) for mode in modes])


@pytest.mark.parametrize(
    "cases", [pytest.param(300, id="some"), pytest.param(10_000, id="many", marks=[pytest.mark.long])]
)
@pytest.mark.timeout(3600)
def test_every_answer_is_decent_and_nobody_gets_what_is_not_theirs(ground: Ground, cases: int) -> None:
    strategy = _cases(ground)
    with served(ground.gateway.app) as port, requests.Session() as session:

        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def ask(data: st.DataObject) -> None:
            case = data.draw(strategy)
            # Made at random, a place in an address leads nowhere.
            if data.draw(st.sampled_from([True, True, False])):
                for name in sorted((case.path_parameters or {}).keys() & ground.known.keys()):
                    case.path_parameters[name] = data.draw(st.sampled_from(ground.known[name]))
            request = case.as_transport_kwargs(base_url=f"http://127.0.0.1:{port}")
            # A credential made at random ends at the door.
            request["headers"].pop("Authorization", None)
            who = data.draw(st.sampled_from(WHO))
            if "json" in request and data.draw(st.booleans()):
                request["data"] = json.dumps(data.draw(_submissions))
                del request["json"]
            exchange(ground, session, request, who)

        ask()
