"""The page of metrics is that of the code, and what is drawn and alarmed is counted by somebody."""

import re

from infra.dashboards.boards import DASHBOARDS
from infra.metric_reference import PAGE, metrics, modules, reference, series_name
from infra.stack.layout import CHECKOUT

_OURS = re.compile(r"\bodamesh_\w+")
_PARTS = re.compile(r"_(bucket|count|sum)$")


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make schema`"


def test_each_metric_is_counted_once_and_says_what_it_is() -> None:
    counted = [metric for module in modules() for metric in metrics(module)]
    names = [series_name(metric) for metric in counted]
    assert len(names) == len(set(names)) > 30
    for metric in counted:
        (family,) = metric.describe()
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith("odamesh_"), family.name


def test_rules_and_dashboards_ask_for_what_is_counted() -> None:
    told = {series_name(metric) for module in modules() for metric in metrics(module)}
    texts = [line.query for board in DASHBOARDS for panel in board.panels for line in panel.lines]
    texts += [(CHECKOUT / "infra" / "prometheus" / name).read_text() for name in ("alerts.yml", "objectives.yml")]
    asked = {_PARTS.sub("", word) for text in texts for word in _OURS.findall(text)}
    assert asked - told == set()
