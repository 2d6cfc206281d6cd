"""The client replaces letters in every answer; what it then holds must mean what was sent."""

import ast
import json
import math
from typing import Any

import pytest

from gateway.oda.code import api_code
from gateway.oda.null import in_json

_CATALOGUE = json.dumps({"cat_column_list": [[1.5, None], ["annulled", "a\null"]], "of": {"nullity": None}})


def _as_the_client_reads(content: Any) -> Any:
    return ast.literal_eval(str(json.loads(json.dumps(content))).replace("null", "None"))


def test_a_catalogue_without_some_values_comes_back_as_it_was() -> None:
    found = json.loads(_as_the_client_reads({"sent": in_json(_CATALOGUE)})["sent"])
    assert found["cat_column_list"][1] == ["annulled", "a\null"]
    assert found["cat_column_list"][0][0] == 1.5
    assert math.isnan(found["cat_column_list"][0][1])
    assert math.isnan(found["of"]["nullity"])


@pytest.mark.parametrize("text", ["Crab", "[20, 40]", "null island", "[" * 5000 + "null", ["a", "b"]])
def test_what_is_no_json_with_the_letters_stays(text: str | list[str]) -> None:
    assert in_json(text) == text


@pytest.mark.parametrize("value", [_CATALOGUE, "annulled", "a\null", "a\\null", "a\\\null", ["null", "x"]])
def test_the_program_that_the_client_shows_asks_for_the_same(value: str | list[str]) -> None:
    code = api_code("http://mesh.test", {"product_type": "isgri_image", "selected_catalog": value})
    read = _as_the_client_reads({"api_code": code})["api_code"]
    called: list[dict[str, Any]] = []

    class Dispatcher:
        def __init__(self, **_: str) -> None:
            pass

        def get_product(self, **parameters: Any) -> None:
            called.append(parameters)

    exec(read.replace("from oda_api.api import DispatcherAPI", ""), {"DispatcherAPI": Dispatcher})  # noqa: S102
    assert called == [{"product": "isgri_image", "selected_catalog": value}]
