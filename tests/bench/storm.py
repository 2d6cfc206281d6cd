"""Twelve callers ask for the same at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait

_CALLERS = 12
_WINDOWS = 20


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

    with ThreadPoolExecutor(max_workers=_CALLERS) as pool:
        runs = list(pool.map(ask, range(_CALLERS)))
    return {"runs": len({run for run in runs if run is not None}), "errors": runs.count(None)}
