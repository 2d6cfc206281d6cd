"""The broker as its operator reaches it: a plain channel, and connections to look at and to cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx

from mesh.broker.connection import close, connect
from tests.chaos.ground import Ground


@contextmanager
def channel(ground: Ground) -> Iterator[Any]:
    """Open a channel of the administrator's for the duration of the block."""
    connection = connect(ground.connections.broker, "drill", heartbeat=0)
    try:
        yield connection.channel()
    finally:
        close(connection)


def connections_of(ground: Ground, name: str) -> set[str]:
    """Return the connections whose owner gave them a name that begins so."""
    with _management(ground) as client:
        found = client.get("/api/connections").raise_for_status().json()
    return {str(entry["name"]) for entry in found if str(entry.get("user_provided_name", "")).startswith(name)}


def cut(ground: Ground, connection: str) -> None:
    """Close a connection from the broker's side; one that is gone already is no error."""
    with _management(ground) as client:
        client.delete(f"/api/connections/{quote(connection, safe='')}")


def _management(ground: Ground) -> httpx.Client:
    broker = ground.connections.broker
    return httpx.Client(
        base_url=ground.stack.setting.endpoints.mgmt_url, auth=(broker.user, broker.password), trust_env=False
    )
