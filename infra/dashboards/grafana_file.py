"""Dashboards as files for Grafana (schema 39, Grafana 11): import them, or let Grafana provision them from a folder."""

import json
from typing import Any

from infra.dashboards.panel import Dashboard, Panel

_WIDTH, _HEIGHT = 12, 8
_UNITS = {"": "short", "s": "s", "B": "bytes", "%": "percentunit", "/s": "reqps", "s since 1970": "dateTimeFromNow"}
_SOURCE = {"type": "prometheus", "uid": "${source}"}


def grafana(dashboard: Dashboard) -> str:
    """Return the file of a dashboard."""
    panels: list[dict[str, Any]] = []
    y = 0
    for heading, row in dashboard.rows.items():
        panels.append(
            {"type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": _place(0, y, 24, 1)}
        )
        y += 1
        for number, panel in enumerate(row):
            x = _WIDTH * (number % 2)
            panels.append(_panel(panel, _place(x, y + _HEIGHT * (number // 2), _WIDTH, _HEIGHT)))
        y += _HEIGHT * ((len(row) + 1) // 2)
    content = {
        "uid": f"odamesh-{dashboard.name}",
        "title": f"odamesh: {dashboard.title}",
        "tags": ["odamesh"],
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "links": [{"type": "dashboards", "tags": ["odamesh"], "title": "odamesh", "asDropdown": True}],
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }
    return json.dumps(content, indent=1) + "\n"


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.help,
        "gridPos": place,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": _UNITS[panel.unit], "min": None, "noValue": panel.empty}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": line.query,
                "legendFormat": line.legend.replace("{", "{{").replace("}", "}}"),
            }
            for number, line in enumerate(panel.lines)
        ],
    }
