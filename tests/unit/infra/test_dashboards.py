"""Dashboards as they are written down: for Grafana, and as pages."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from infra.dashboards.__main__ import FOLDER
from infra.dashboards.boards import DASHBOARDS
from infra.dashboards.console import console
from infra.dashboards.grafana_file import grafana
from infra.dashboards.panel import Dashboard


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_the_file_for_grafana_is_what_the_code_makes(dashboard: Dashboard) -> None:
    text = (FOLDER / f"{dashboard.name}.json").read_text(encoding="utf-8")
    assert text == grafana(dashboard), "run `make dashboards`"
    panels = json.loads(text)["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert queries == [line.query for panel in dashboard.panels for line in panel.lines]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places), "two panels are at one place"


def test_there_is_no_other_file() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {dashboard.name for dashboard in DASHBOARDS}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_prometheus_finds_no_template_of_its_own_in_the_page(dashboard: Dashboard) -> None:
    page = console(dashboard, DASHBOARDS)
    assert "{{" not in page
    assert "<script src" not in page, "nothing is fetched from elsewhere"
    assert f'href="{dashboard.name}.html" aria-current=page' in page


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("not installed: prometheus; `odamesh stack up` installs it")
    queries = sorted({line.query for dashboard in DASHBOARDS for panel in dashboard.panels for line in panel.lines})
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
