"""Answers of ``run_analysis``: the keys that the client needs in every one of them."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.oda.null import in_json
from gateway.oda.standing import Standing
from mesh.contracts import UnitRow
from mesh.states import UnitState

_RESTORED, _COMPUTED = "restored from cache", "main done"
"""Reports that the client counts."""
_SHOWN_WARNINGS = 10
GOOD = frozenset({UnitState.DONE, UnitState.CACHED})
TOLD = GOOD | {UnitState.FAILED, UnitState.RUNNING}
"""What the client shows of units."""


def answer(
    standing: Standing,
    *,
    session_id: str,
    sent: Mapping[str, Any],
    code: str,
    comments: Sequence[str] = (),
    rows: Iterable[UnitRow] = (),
    windows: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the answer about a job; the products that were made are put into ``products`` by `with_products`.

    Args:
        standing: where it stands.
        session_id: the caller's.
        sent: parameters as the caller sent them.
        code: Python text that asks for the same again.
        comments: sentences that the client prints once the job is done.
        rows: of the table science window x step, in states of `TOLD`; where there are more, the comment says so.
        windows: science windows that a finished job has used.
    """
    job, failed = standing.job, standing.word == "failed"
    reports = [_report(row) for row in rows]
    told = sum(job.counts.get(state, 0) for state in TOLD)
    if told > len(reports):
        comments = [*comments, f"job_monitor tells {len(reports)} of {told} units; the address of the job has all"]
    products: dict[str, Any] = {}
    if standing.word == "done":
        products = {
            "analysis_parameters": {name: in_json(value) for name, value in sent.items()},
            "api_code": code,
            "job_id": job.job_id,
            "session_id": session_id,
            "instrument": job.instrument,
            "input_prod_list": list(windows),
            "prod_process_message": "",
            "request_key": job.request_key,
        }
        comments = [*comments, *_warnings(standing)]
    return {
        "query_status": standing.word,
        "products": products,
        "exit_status": exit_status(
            status=1 if failed else 0,
            message=standing.reason,
            comment="\n".join(comments),
            warning="\n".join(_warnings(standing)),
            job_status=standing.word,
        ),
        "job_monitor": {
            "job_id": job.job_id,
            "session_id": session_id,
            "status": standing.word,
            "full_report_dict_list": reports,
        },
        "job_status": standing.word,
        "session_id": session_id,
        "time_request": time.time(),
    }


def refused(text: str, *, session_id: str) -> dict[str, Any]:
    """Return the answer about a request that is not done, for every status that is no 200.

    The client reads ``error`` of a 400, and the message of ``exit_status`` of a 403.
    """
    return {
        "error": text,
        "error_message": text,
        "query_status": "failed",
        "products": {},
        "exit_status": exit_status(status=1, message=text),
        "job_monitor": {"job_id": "", "session_id": session_id, "status": "failed", "full_report_dict_list": []},
    }


def exit_status(
    *, status: int, message: str = "", comment: str = "", warning: str = "", job_status: str = "failed"
) -> dict[str, Any]:
    """Return how it ended, with all texts that the client takes for given."""
    return {
        "status": status,
        "message": message,
        "error_message": message,
        "debug_message": "",
        "comment": comment,
        "warning": warning,
        "job_status": job_status,
    }


def with_products(content: Mapping[str, Any], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield an answer as JSON, with further entries of ``products`` that are never held as a whole.

    Args:
        content: the answer; its ``products`` have at least one entry.
        blocks: the JSON object of the further entries.

    Raises:
        ValueError: the blocks hold no JSON object.
    """
    others = {name: value for name, value in content.items() if name != "products"}
    yield _json(others)[:-1] + b',"products":' + _json(content["products"])[:-1] + b","
    # The object's own brackets are those of products: the first is taken away, the last one kept.
    first = next(blocks, b"")
    if not first.startswith(b"{"):
        msg = "the products are no JSON object"
        raise ValueError(msg)
    yield first[1:]
    yield from blocks
    yield b"}"


def written(content: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return an answer as JSON without NaN, which the client cannot read."""
    return _json(content)


def _json(content: Any) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def _warnings(standing: Standing) -> list[str]:
    """Return what went not as asked, in sentences."""
    told = list(standing.job.warnings[:_SHOWN_WARNINGS])
    more = standing.job.warnings_total - len(told)
    if more > 0:
        told.append(f"{more} more warnings: see the job")
    if standing.job.partial:
        told.insert(0, "Partial result: not all science windows could be used.")
    return told + [text for job in standing.after for text in job.warnings]


def is_window(label: str) -> bool:
    """Whether a row is that of a science window."""
    return label.partition(".")[0].isdigit()


def _report(row: UnitRow) -> dict[str, str]:
    match row.state:
        case UnitState.CACHED:
            message = _RESTORED
        case UnitState.DONE:
            message = _COMPUTED
        case UnitState.FAILED:
            message = f"failed: {row.failure.text}" if row.failure else "failed"
        case _:
            message = row.step or "running"
    return {"scwid": row.label, "node": row.stage, "message": message}
