"""Guard of the page: who may ask, and what a browser may do with what it gets.

Any page that a browser has open can send requests to the loopback address, and one that lets its own name point there
(DNS rebinding) could read the answers too. Both are told by what the browser says of a request: its Host and Origin.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets through what this machine's own page asks, and adds SECURITY_HEADERS to every answer.

    Ports are not compared: through `ssh -L` the page has another one for the browser.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        reason = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        answer = self._app if reason is None else PlainTextResponse(reason, status_code=403)
        await answer(scope, receive, send_guarded)

    def _refusal(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if _name(f"//{host}") not in LOOPBACK_NAMES:
            return "this page answers to the names of this machine alone, such as localhost\n"
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return "this page answers its own requests alone, not those of other pages\n"
        return None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
