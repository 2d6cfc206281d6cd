"""However many users, methods and addresses there are, Prometheus keeps the same few series."""

import random
import string

from prometheus_client import REGISTRY

from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import Guarded

_MARK = "fuzz"
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", f"X{_MARK.upper()}")
_PLACES = (
    "/{}", "/api/v1/{}", "/api/v1/jobs/{}", "/api/v1/jobs/{}/units/{}/log", "/api/v1/instruments/{}", "/r/{}",
    "/vo/{}/{}/async/{}", "/api/v1/alerts/events/{}", "/api/v1/admin/dead-letters/{}/{}", "/page/{}", "/docs/{}",
    "/api/v1/users/{}/usage", "/api/v1/problems/{}",
)  # fmt: skip


def _series() -> dict[str, set[str]]:
    """Return the names of all series of this process, each with its labels as text."""
    found: dict[str, set[str]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).add(str(sorted(sample.labels.items())))
    return found


def _fuzz(gateway: Guarded, seed: int, requests: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing is hidden here

    def word() -> str:
        return _MARK + "".join(chance.choices(string.ascii_lowercase + string.digits, k=8))

    for number in range(requests):
        place = chance.choice(_PLACES)
        path = place.format(*(word() for _ in range(place.count("{}"))))
        call(gateway.app, _METHODS[number % len(_METHODS)], path, params={word(): word()}, headers={"X-User": word()})
        if number % 10 == 0:
            user = word()
            gateway.call("POST", "/jobs", gateway.token(user), json={**BODY, "labels": [word()]})


def test_series_do_not_grow_with_what_callers_send() -> None:
    gateway = Guarded()
    _fuzz(gateway, 1, 250)
    before = _series()
    _fuzz(gateway, 2, 250)
    after = _series()
    told = {name: labels - before.get(name, set()) for name, labels in after.items()}
    # Chance may meet another method at another address; it never meets another name.
    assert not [labels for some in after.values() for labels in some if _MARK in labels.lower()]
    assert sum(map(len, told.values())) < 0.3 * sum(map(len, after.values()))
    routes = {labels for labels in after["odamesh_gateway_requests_total"] if "('route', 'unknown')" in labels}
    assert len(routes) <= len({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}) * 6
