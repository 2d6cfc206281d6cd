"""Sends drill requests to the gateway and waits for them, as a caller would."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

FINAL = {"COMPLETED", "ERROR", "ABORTED"}


def scw_ids(count: int, revolution: int = 16) -> list[str]:
    """Return *count* well-formed science window ids that no archive needs to hold."""
    return [f"{revolution + index // 9000:04d}{index % 9000 + 1:04d}0010" for index in range(count)]


def drill_request(
    scws: Sequence[str],
    *,
    product: str = "noop",
    salt: str | None = None,
    user: str = "bench",
    lane: str = "user",
    **parameters: Any,
) -> dict[str, Any]:
    """Return the body of a request to the drill instrument; a fresh salt makes every product new."""
    return {
        "user": user,
        "lane": lane,
        "instrument": "noop",
        "product": product,
        "selection": {"scws": list(scws)},
        "parameters": {"salt": uuid.uuid4().hex if salt is None else salt, **parameters},
    }


def submit(client: httpx.Client, body: dict[str, Any]) -> str:
    """Post *body* and return the job id."""
    answer = client.post("/api/v1/jobs", json=body)
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def cancel(client: httpx.Client, job_id: str) -> None:
    """Ask for the end of a job that has not ended."""
    client.delete(f"/api/v1/jobs/{job_id}").raise_for_status()


def wait(client: httpx.Client, job_id: str, *, limit_s: float, pause_s: float = 0.02) -> dict[str, Any]:
    """Poll the job until it is final and return its record.

    Raises:
        TimeoutError: the job was not final after *limit_s* seconds.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        view: dict[str, Any] = client.get(f"/api/v1/jobs/{job_id}").raise_for_status().json()
        if view["state"] in FINAL:
            return view
        time.sleep(pause_s)
    msg = f"job {job_id} is {view['state']} with {view['counts']} after {limit_s:g} s"
    raise TimeoutError(msg)
