"""Connections of the page's server: those that say nothing are closed, so that they keep nobody out."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

REQUEST_SEC = 5.0
"""In which the header of a request must arrive, from the connection's beginning or the end of the last answer."""

MAX_CONNECTIONS = 128
"""Of more, the one that has been waiting longest for a request is closed."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to patience."""

    _silent_since = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > MAX_CONNECTIONS:
            idle = [one for one in self.connections if isinstance(one, PatientProtocol) and one.is_idle]
            min(idle, key=lambda one: one._silent_since).close_if_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._await_request()

    def shutdown(self) -> None:
        """End with the server: what is being sent is not waited for."""
        super().shutdown()
        if not self.is_idle and self.cycle.more_body:
            self.transport.close()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def close_if_idle(self) -> None:
        """Close the connection where no request is being answered."""
        if self.is_idle and not self.transport.is_closing():
            self.transport.close()

    def _await_request(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._silent_since = self.loop.time()
        self._timer = self.loop.call_later(REQUEST_SEC, self.close_if_idle)
