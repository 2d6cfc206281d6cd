"""How long a caller waits for the answer to a submission, and for a request that is in the cache."""

import statistics
import time

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait

_POSTS = 100
_REPEATS = 5
_WINDOWS = 50


def post_job_ms(client: httpx.Client) -> dict[str, float]:
    """Return p50 and p99 of 100 submissions (documents stored and message confirmed) in milliseconds."""
    scws = scw_ids(1)
    times = []
    jobs = []
    for _ in range(_POSTS):
        body = drill_request(scws, product="noop_windows")
        begin = time.perf_counter()
        jobs.append(submit(client, body))
        times.append(1000 * (time.perf_counter() - begin))
        time.sleep(0.02)
    for job in jobs:
        wait(client, job, limit_s=60)
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def cached_50_scw_s(client: httpx.Client) -> float:
    """Return the median time from submission to COMPLETED of a 50-window request whose products exist."""
    body = drill_request(scw_ids(_WINDOWS))
    wait(client, submit(client, body), limit_s=120)
    times = []
    for _ in range(_REPEATS):
        begin = time.perf_counter()
        view = wait(client, submit(client, body), limit_s=30, pause_s=0.005)
        times.append(time.perf_counter() - begin)
        if view["counts"].get("cached") != _WINDOWS + 1:
            msg = f"expected {_WINDOWS + 1} cached units, got {view['counts']}"
            raise RuntimeError(msg)
    return statistics.median(times)
