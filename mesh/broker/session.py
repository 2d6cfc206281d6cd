"""How this process talks to the broker: nameko makes the entrypoints, so they find their settings here."""

import os
import secrets
import socket
from dataclasses import dataclass, field

from nameko import config

from mesh.broker.publisher import Publisher
from mesh.settings import BrokerSettings

_KEY = "ODAMESH_BROKER"


@dataclass
class Session:
    """One process, one account.

    Args:
        settings: where and as whom.
        account: name of the service.
        instance: name of this process, unique among all that ever ran.
        publisher: shared by all handlers.
        attached: by queue, whether its consumer is connected now.
        lost: by queue, why its consumer could not connect, or lost its connection, the last time.
        waits_for: what the process waits for before it takes work.
        draining: whether the process has been told to end and takes no more work.
    """

    settings: BrokerSettings
    account: str
    instance: str
    publisher: Publisher
    attached: dict[str, bool] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    waits_for: str = ""
    draining: bool = False


def open_session(settings: BrokerSettings, account: str) -> Session:
    """Make the session of this process; connections open when they are first needed."""
    instance = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    made = Session(settings, account, instance, Publisher(settings, name=f"{account} publisher"))
    config[_KEY] = made
    return made


def session() -> Session:
    """Return the session of this process.

    Raises:
        LookupError: no session is open.
    """
    if _KEY not in config:
        msg = "no broker session in this process: services are started by mesh.service.run"
        raise LookupError(msg)
    found: Session = config[_KEY]
    return found
