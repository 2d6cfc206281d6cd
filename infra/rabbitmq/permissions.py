"""What each service may do in the broker: configure, write and read, as RabbitMQ's regular expressions.

Dead letters are the broker's own doing and need no right. Queues and exchanges come with the definitions, so services
declare nothing but their own exclusive queues (`control.<service>.<instance>`, `events.gateway.<instance>`); what is
there already they declare passively.
"""

import re

from infra.rabbitmq.topology import INSTRUMENTS
from mesh.broker.topology import (
    ALERT_SHARDS,
    ALERTS,
    CACHE_QUEUE,
    CONTROL,
    EVENTS,
    FAN_IN_QUEUE,
    KAFKA_QUEUE,
    LADDER,
    REQUESTS,
    REQUESTS_QUEUE,
    TRANSIENTS,
    UNITS,
    UNROUTED_QUEUE,
    WEBHOOKS_QUEUE,
    alert_queue,
    dead_queue,
    dead_queues,
    retry_exchange,
    unit_queue,
)
from mesh.contracts.request import Lane

_NOTHING = "^$"


def of(service: str) -> dict[str, str]:
    """Permissions of one service; `admin` may do everything. KeyError for a service without an account."""
    if service in INSTRUMENTS:
        return _instrument(service)
    return _SERVICES[service]


def _rights(configure: str, write: str, read: str) -> dict[str, str]:
    return {
        name: f"^({pattern})$" if pattern else _NOTHING
        for name, pattern in (("configure", configure), ("write", write), ("read", read))
    }


def topics(service: str) -> dict[str, dict[str, str]]:
    """Exchange -> which routing keys a service may write with and bind; what is not named here is not restricted.

    KeyError for a service without an account.
    """
    if service in INSTRUMENTS:
        return _instrument_topics(service)
    return _TOPICS[service]


def _named(*names: str) -> str:
    return "|".join(map(re.escape, names))


def _instrument(name: str) -> dict[str, str]:
    control = rf"control\.{name}\..*"
    retries, queues = map(retry_exchange, LADDER), (unit_queue(name, lane) for lane in Lane)
    return _rights(
        configure=control,
        write=f"{_named(EVENTS, *retries)}|{control}",
        read=f"{_named(CONTROL, *queues)}|{control}",
    )


def _instrument_topics(name: str) -> dict[str, dict[str, str]]:
    """Only its own units: their events and logs, and their way back to its own lanes."""
    lanes = "|".join(lane.value for lane in Lane)
    return {
        EVENTS: _topic(write=rf"unit\.{name}\.[a-z-]+|log\.{name}"),
        CONTROL: _topic(read=rf"(cancel|follow)\.{name}"),
        **{retry_exchange(delay): _topic(write=rf"{name}\.({lanes})") for delay in LADDER},
    }


def _topic(*, write: str = "", read: str = "") -> dict[str, str]:
    return {name: right for name, right in _rights("", write, read).items() if name != "configure"}


_SERVICES = {
    "admin": {"configure": ".*", "write": ".*", "read": ".*"},
    "gateway": _rights(
        configure=r"events\.gateway\..*",
        write=rf"{_named(REQUESTS, CONTROL, ALERTS)}|events\.gateway\..*",
        # Operators look at dead letters and drop them; sending one again is the dispatcher's.
        read=rf"{_named(EVENTS, *dead_queues(INSTRUMENTS))}|events\.gateway\..*",
    ),
    "dispatcher": _rights(
        configure="",
        write=_named(UNITS, EVENTS, CONTROL),
        # It sends units among the dead letters again: it publishes all units.
        read=_named(REQUESTS_QUEUE, FAN_IN_QUEUE, UNROUTED_QUEUE, *map(dead_queue, INSTRUMENTS)),
    ),
    "cache": _rights(configure="", write="", read=_named(CACHE_QUEUE)),
    "triggers": _rights(
        configure="", write=_named(REQUESTS, TRANSIENTS), read=_named(*map(alert_queue, range(ALERT_SHARDS)))
    ),
    "transports": _rights(configure="", write=_named(ALERTS), read=_named(WEBHOOKS_QUEUE, KAFKA_QUEUE)),
}
_TOPICS = {
    "admin": {},
    "gateway": {
        REQUESTS: _topic(write=r"(submit|cancel|delete|again)\..*"),
        CONTROL: _topic(write=r"follow\..*"),
        EVENTS: _topic(read=r"(job|log)\..*"),
    },
    "dispatcher": {
        EVENTS: _topic(write=r"job\..*"),
        CONTROL: _topic(write=r"cancel\..*"),
    },
    "cache": {},
    "triggers": {REQUESTS: _topic(write=r"(submit|cancel)\..*")},
    "transports": {},
}
