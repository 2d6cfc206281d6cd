"""The connection between a warm container and the service process that owns it: one JSON object a line, both ways."""

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

_CHUNK = 1 << 16


class OwnerGone(Exception):
    """The owner closed the connection."""


class Owner:
    """The owner's end, as the container sees it.

    Args:
        connection: the connected socket; it belongs to this object from now on.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = bytearray()

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._connection.fileno()

    def has_line(self) -> bool:
        """Say whether a line has come with an earlier one: no selector tells of it."""
        return b"\n" in self._unread

    def receive(self) -> dict[str, Any]:
        """Wait for the next line.

        Raises:
            OwnerGone: the owner hung up.
        """
        while not self.has_line():
            try:
                data = self._connection.recv(_CHUNK)
            except ConnectionError as error:
                raise OwnerGone from error
            if not data:
                raise OwnerGone
            self._unread += data
        line, _, rest = self._unread.partition(b"\n")
        self._unread = rest
        content: dict[str, Any] = json.loads(line)
        return content

    def send(self, content: Mapping[str, Any]) -> None:
        """Send one line.

        Raises:
            OwnerGone: the owner hung up.
        """
        try:
            self._connection.sendall(json.dumps(content).encode() + b"\n")
        except ConnectionError as error:
            raise OwnerGone from error

    def give_up(self) -> None:
        """Close this process's own descriptor; a fork does, so that no unit can speak in the name of its container."""
        os.close(self._connection.detach())

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
