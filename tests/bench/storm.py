"""Twelve callers ask for the same at the same moment, through each of two doors."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import random
from threading import Barrier

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait

_CALLERS = 12
_WINDOWS = 20
_ODA_SECONDS = 300.0


def storm_12(client: httpx.Client) -> dict[str, int]:
    """Return how many runs twelve identical requests at once made, and how many of them did not complete."""
    body = drill_request(scw_ids(_WINDOWS))
    together = Barrier(_CALLERS)

    def ask(_: int) -> str | None:
        together.wait()
        try:
            view = wait(client, submit(client, body), limit_s=120)
        except (httpx.HTTPError, TimeoutError):
            return None
        return str(view["run_id"]) if view["state"] == "COMPLETED" else None

    return _together(ask)


def oda_storm_12(client: httpx.Client, windows: Sequence[str]) -> dict[str, int]:
    """Return the same of twelve clients of the protocol of oda_api, each until it has the products of a new image.

    Args:
        client: of the gateway.
        windows: that the archive has, e.g. ``201600270010.001``.
    """
    asked = {
        "instrument": "isgri",
        "product_type": "isgri_image",
        "scw_list": ",".join(windows),
        "E1_keV": "22",
        "E2_keV": f"{40 + random() * 40:.2f}",  # noqa: S311 - any will do
    }
    together = Barrier(_CALLERS)

    def ask(number: int) -> str | None:
        mine = {**asked, "session_id": f"{number:016d}", "query_status": "new"}
        together.wait()
        try:
            end = time.monotonic() + _ODA_SECONDS
            while time.monotonic() < end:
                told = client.get("/run_analysis", params=mine).raise_for_status().json()
                mine |= {"query_status": told["query_status"], "job_id": told["job_monitor"]["job_id"]}
                if told["query_status"] in {"done", "failed"}:
                    break
            job = client.get(f"/api/v1/jobs/{mine['job_id']}").raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return None
        return str(job["run_id"]) if mine["query_status"] == "done" and told["products"].get("catalog") else None

    return _together(ask)


def _together(ask: Callable[[int], str | None]) -> dict[str, int]:
    """Have all callers ask; each returns the run that it was served by, None for an error."""
    with ThreadPoolExecutor(max_workers=_CALLERS) as pool:
        runs = list(pool.map(ask, range(_CALLERS)))
    return {"runs": len({run for run in runs if run is not None}), "errors": runs.count(None)}
