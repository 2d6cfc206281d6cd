"""Log lines are JSON and say whose they are."""

import json
import subprocess
import sys
from typing import Any

SCRIPT = """
import logging
import structlog
from mesh import tracing
from mesh.logging import configure_logging

configure_logging("info", "isgri", "isgri-1")
structlog.contextvars.bind_contextvars(unit_key="k1", run_id="r1")
with tracing.request({"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}, "GET"):
    structlog.get_logger("mesh.test").info("said", count=3)
structlog.get_logger("mesh.test").debug("not said")
logging.getLogger("other").warning("from %s", "elsewhere")
logging.getLogger("nameko.containers").warning("not said")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("mesh.test").error("failed", exc_info=True)
"""


def test_every_line_names_service_unit_and_run() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]

    assert [line["event"] for line in lines] == ["said", "from elsewhere", "failed"]
    for line in lines:
        assert line["service"] == "isgri"
        assert line["instance"] == "isgri-1"
        assert line["unit_key"] == "k1"
        assert line["run_id"] == "r1"
        assert line["at"].endswith("Z")
    assert lines[0]["count"] == 3
    assert (lines[0]["trace_id"], len(lines[0]["span_id"])) == ("a" * 32, 16)
    assert "trace_id" not in lines[1], "what belongs to no request has no trace"
    assert lines[0]["level"] == "info"
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert done.stderr == ""
