"""How often the gateway tells where jobs stand over connections that stay open, and how long each answer takes."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait

_CLIENTS = 32
_JOBS = 32
_WINDOWS = 20
_WAITS = 200
_BESIDE_WAITS = 4
_SECONDS = 8.0
_WARM_SECONDS = 1.0
_HEAD_END = b"\r\n\r\n"


def polls_32(client: httpx.Client) -> dict[str, float]:
    """Return answers a second, and the 99th percentile of the time to one [ms], of 32 clients who ask after 32 jobs."""
    body = drill_request(scw_ids(_WINDOWS))
    jobs = [submit(client, body) for _ in range(_JOBS)]
    for job_id in jobs:
        wait(client, job_id, limit_s=120)
    return _measured(client, [f"/api/v1/jobs/{job_id}" for job_id in jobs], clients=_CLIENTS)


def uws_200_waits_p99_ms(client: httpx.Client) -> float:
    """Return the 99th percentile of the time to a UWS job document, for four clients while 200 others wait for the job.

    The job is a draft, which does not move; the others ask with ``WAIT=60``.
    """
    selection = {"scws": ["201600270010"]}
    draft = {"instrument": "isgri", "product": "isgri_image", "selection": selection, "draft": True, "user": "bench"}
    path = f"/vo/isgri/isgri_image/async/{submit(client, draft)}"
    return _measured(client, [path], clients=_BESIDE_WAITS, waits=_WAITS, held=f"{path}?WAIT=60")["p99_ms"]


def _measured(client: httpx.Client, paths: list[str], **options: int | str) -> dict[str, float]:
    """Measure with clients in a process of their own: their work is not the gateway's."""
    asked = {"port": client.base_url.port, "seconds": _SECONDS, "paths": paths, "waits": 0, "held": "", **options}
    command = [sys.executable, "-m", "tests.bench.polling"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=json.dumps(asked))
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def _ask(port: int, paths: Sequence[str], end: float, times: list[tuple[float, float]]) -> None:
    """Ask one path after the other until *end*; keep when each was asked and how long the answer took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while (begin := time.perf_counter()) < end:
        path = paths[number % len(paths)]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = await reader.readuntil(_HEAD_END)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        times.append((begin, time.perf_counter() - begin))
        number += 1
    writer.close()


async def _hold(port: int, path: str, end: float) -> None:
    """Ask for what is answered late, again and again until *end*."""
    with suppress(TimeoutError):
        async with asyncio.timeout(end - time.perf_counter()):
            await _ask(port, [path], end, [])


async def _measure(
    *, port: int, seconds: float, paths: list[str], clients: int, waits: int, held: str
) -> dict[str, float]:
    begin = time.perf_counter() + _WARM_SECONDS
    end = begin + seconds
    times: list[tuple[float, float]] = []
    waiting = [asyncio.create_task(_hold(port, held, end)) for _ in range(waits)]
    turned = ([*paths[client % len(paths) :], *paths[: client % len(paths)]] for client in range(clients))
    await asyncio.gather(*(_ask(port, mine, end, times) for mine in turned))
    await asyncio.gather(*waiting)
    taken = [spent for asked, spent in times if asked >= begin]
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {"per_s": round(len(taken) / seconds, 1), "p99_ms": round(1000 * cuts[98], 1)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(**json.load(sys.stdin)))))
