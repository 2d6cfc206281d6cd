"""What the parts of one service process need to know of it."""

from dataclasses import dataclass

from nameko import config

from mesh.broker.publisher import Publisher
from mesh.broker.session import Session, open_session
from mesh.settings import Connections, Settings

_KEY = "ODAMESH_CONTEXT"


@dataclass(frozen=True)
class Context:
    """One service process.

    Args:
        account: name of the service and of its accounts in broker and stores.
        settings: from the environment.
        connections: the servers, with the account's own credentials.
        session: how the process talks to the broker.
    """

    account: str
    settings: Settings
    connections: Connections
    session: Session

    @property
    def worker(self) -> str:
        """Name of this process, unique among all that ever ran."""
        return self.session.instance

    @property
    def publisher(self) -> Publisher:
        """The publisher that all handlers share."""
        return self.session.publisher


def open_context(account: str, settings: Settings) -> Context:
    """Make the context of this process; it connects to nothing yet.

    Raises:
        SettingsError: no credentials file, or no such account in it.
    """
    connections = settings.connections(account)
    made = Context(account, settings, connections, open_session(connections.broker, account))
    config[_KEY] = made
    return made


def context() -> Context:
    """Return the context of this process.

    Raises:
        LookupError: the process was not started by `mesh.service.run`.
    """
    if _KEY not in config:
        msg = "no service context in this process: services are started by mesh.service.run"
        raise LookupError(msg)
    found: Context = config[_KEY]
    return found
