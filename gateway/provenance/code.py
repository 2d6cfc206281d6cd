"""Programs that have a request made again: in Python, with curl, and with the command."""

import json
from collections.abc import Mapping
from pprint import pformat
from typing import Any, Literal

from mesh.contracts import Analysis

Language = Literal["python", "curl", "cli"]
_WIDTH = 100
ENDINGS: Mapping[Language, str] = {"python": "py", "curl": "curl.sh", "cli": "sh"}

_PYTHON = """\
# {title}
import odamesh

mesh = odamesh.connect({url!r})
job = mesh.submit(
    {instrument!r},
    {product!r},
    selection={selection},
    parameters={parameters},
)
job.wait()
job.download({directory!r})
"""

_CURL = """\
#!/bin/sh
# {title}
set -eu
mesh={url}
job=$(curl -fsS -H 'Content-Type: application/json' --data-binary @- "$mesh/api/v1/jobs" <<'REQUEST' \\
    | sed -n 's/^{{"job_id":"\\([0-9a-f]*\\)".*/\\1/p'
{body}
REQUEST
)
while :; do
    state=$(curl -fsS "$mesh/api/v1/jobs/$job" | sed -n 's/.*"state":"\\([A-Z]*\\)","partial".*/\\1/p')
    case $state in
        COMPLETED) break ;;
        ERROR | ABORTED) echo "job $job: $state" >&2; exit 1 ;;
    esac
    sleep 2
done
curl -fsS -o {directory}.zip "$mesh/api/v1/jobs/$job/archive?format=zip"
"""

_CLI = """\
#!/bin/sh
# {title}
set -eu
export ODAMESH_URL={url}
odamesh open {key} {directory}
"""


def code(language: Language, analysis: Analysis, url: str, title: str) -> str:
    """Return a program.

    Args:
        language: python, curl or cli.
        analysis: what was asked for.
        url: address of the gateway.
        title: what it makes, in words.
    """
    selection = analysis.selection.model_dump(mode="json", exclude_none=True)
    described: dict[str, Any] = {
        "title": title.replace("\n", " "),
        "instrument": analysis.instrument,
        "product": analysis.product,
        "directory": f"{analysis.product}-{analysis.key[:12]}",
        "key": analysis.key,
    }
    match language:
        case "python":
            described |= {"selection": _indented(selection), "parameters": _indented(analysis.parameters)}
            return _PYTHON.format(url=url, **described)
        case "curl":
            body = {"instrument": analysis.instrument, "product": analysis.product, "selection": selection}
            body["parameters"] = analysis.parameters
            # Not ASCII is escaped: one line that no shell and no here-document takes for its own.
            return _CURL.format(url=_quoted(url), body=json.dumps(body, ensure_ascii=True), **described)
        case "cli":
            return _CLI.format(url=_quoted(url), **described)


def _indented(value: Any) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=True).replace("\n", "\n    ")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
