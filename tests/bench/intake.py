"""How long it takes to take a request in, without HTTP: checked, stored, entered and handed to the broker."""

import statistics
import time
import uuid

from gateway.assemble import real_parts
from gateway.settings import GatewaySettings
from mesh.intake import Caller, Wish
from mesh.settings import Settings
from mesh.store.objects import Objects
from mesh.store.requests import Requests
from tests.bench.drill import drill_request, scw_ids

_WISHES = 100


def intake_ms(settings: Settings) -> dict[str, float]:
    """Return p50 and p99 of 100 wishes for one window in milliseconds.

    Beside them, as their floor, the median of writing one document of the same size, of which a job has two.
    """
    parts = real_parts(GatewaySettings(mesh=settings))
    requests = Requests(Objects(settings.connections("gateway").store))
    body = drill_request(scw_ids(1), product="noop_windows")
    caller = Caller.anybody(body.pop("user"))
    taken, written = [], []
    try:
        for _ in range(_WISHES):
            begin = time.perf_counter()
            view = parts.intake.submit(Wish.model_validate(body), caller, face="bench")
            taken.append(1000 * (time.perf_counter() - begin))
            analysis = parts.intake.request(view.request_key)
            other = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": uuid.uuid4().hex}})
            begin = time.perf_counter()
            requests.put_analysis(other)
            written.append(1000 * (time.perf_counter() - begin))
            time.sleep(0.02)
    finally:
        parts.stop()
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "floor": round(statistics.median(written), 2)}
