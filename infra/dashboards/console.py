"""Dashboards as pages that Prometheus serves itself, below ``/consoles/``: nothing but a browser is needed.

Grafana is the better place where there is one; it is not on a machine that has only what this stack installs.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from infra.dashboards.panel import Dashboard

_HERE = Path(__file__).parent
_RANGES = {"15 min": 900, "1 h": 3600, "6 h": 21_600, "1 d": 86_400, "7 d": 604_800}


def console(dashboard: Dashboard, among: Sequence[Dashboard]) -> str:
    """Return the page of a dashboard, with links to the others.

    Prometheus takes two opening braces for the beginning of a template of its own; the page has none.
    """
    links = "".join(
        f'<a href="{one.name}.html"{" aria-current=page" if one is dashboard else ""}>{escape(one.title)}</a>'
        for one in among
    )
    choices = "".join(
        f"<option value={seconds}{' selected' if seconds == 3600 else ''}>{words}</option>"
        for words, seconds in _RANGES.items()
    )
    data = json.dumps(asdict(dashboard)).replace("<", "\\u003c")
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>odamesh: {escape(dashboard.title)}</title>
<style>
{style}</style>
<header>
<h1>{escape(dashboard.title)}</h1>
<nav aria-label="Dashboards">{links}<a href="../alerts">Alarms</a></nav>
<label>Last <select id="range">{choices}</select></label>
</header>
<main></main>
<script type="application/json" id="dashboard">{data}</script>
<script>
{script}</script>
</html>
"""
