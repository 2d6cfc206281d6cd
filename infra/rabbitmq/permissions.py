"""What each service may do in the broker: configure, write and read, as RabbitMQ's regular expressions.

Queues and exchanges come with the definitions, so services declare nothing but their own exclusive queues
(`control.<service>.<instance>`, `events.gateway.<instance>`); what is there already they declare passively.
"""

from infra.rabbitmq.topology import INSTRUMENTS

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


def _instrument(name: str) -> dict[str, str]:
    control = rf"control\.{name}\..*"
    return _rights(
        configure=control,
        write=rf"mesh\.events|mesh\.retry\..*|mesh\.dead|{control}",
        read=rf"units\.{name}\..*|mesh\.control|{control}",
    )


_SERVICES = {
    "admin": {"configure": ".*", "write": ".*", "read": ".*"},
    "gateway": _rights(
        configure=r"events\.gateway\..*",
        write=r"mesh\.requests|mesh\.control|events\.gateway\..*",
        read=r"mesh\.events|events\.gateway\..*",
    ),
    "dispatcher": _rights(
        configure=r"control\.dispatcher\..*",
        write=r"mesh\.requests|mesh\.units|mesh\.events|mesh\.control|mesh\.retry\..*|mesh\.dead"
        r"|control\.dispatcher\..*",
        read=r"requests\.dispatcher|events\.aggregate|mesh\.control|control\.dispatcher\..*",
    ),
    "cache": _rights(
        configure=r"control\.cache\..*",
        write=r"mesh\.events|mesh\.dead|control\.cache\..*",
        read=r"events\.cache|mesh\.control|control\.cache\..*",
    ),
}
