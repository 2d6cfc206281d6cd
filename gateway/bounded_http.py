"""The HTTP protocol of uvicorn with an end to the head of a request, in bytes and in time."""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024
"""Request line and headers; llhttp itself takes any length."""
_END = b"\r\n\r\n"
HEAD_SECONDS = 30.0
"""From the first byte, and of a new connection from its beginning, until the head is there."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. A head that is too long is refused with 400; one that does not come ends the connection."""

    _head_bytes = 0
    _end = b""
    """What came last: the end of a head may come in two pieces."""
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what belongs to the head is counted."""
        if self._head_timer is not None:
            # A body that comes with its head in one piece is no part of it.
            known = self._end + data
            end = known.find(_END)
            self._head_bytes += len(data) if end < 0 else max(0, end - len(self._end))
            self._end = known[1 - len(_END) :]
            if self._head_bytes > HEAD_BYTES:
                self._refuse()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._head_is_there()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes, self._end = 0, b""
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_is_there(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self) -> None:
        self._head_is_there()
        if not self.transport.is_closing():
            self.send_400_response(f"The head of the request is longer than {HEAD_BYTES} bytes.")
