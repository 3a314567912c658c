"""The web application: the files of the page, what it says of the model, and predictions of pictures.

Any page that a browser has open can send requests to the loopback address, and one that lets its own name point there
(DNS rebinding) could read the answers too. Both are told by what the browser says of a request: its Host and Origin.
"""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_keras.demo.prediction import MAX_UPLOAD_BYTES, TOO_LARGE, Demo
from fashion_keras.errors import ImageError, UserError

__all__ = ["MAX_UPLOADS", "SlowUploadError", "UploadError", "build_app"]

PAGE = Path(__file__).with_name("page")

MAX_UPLOADS = 12
"""So many are read and answered at a time; the others wait. A browser opens six connections at most."""

SILENCE_SEC = 5.0
UPLOAD_SEC = 60.0
LINGER_SEC = 2.0

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


class UploadError(ImageError):
    """A picture is larger than the page takes, or does not arrive."""

    status = 413


class SlowUploadError(UploadError):
    """A picture does not arrive."""

    status = 408


def build_app(demo: Demo) -> Starlette:
    """Return the application.

    It answers `GET /model` and `POST /predict?invert=auto`, the body the content of a picture, in JSON; what is wrong
    is one line under `error`. Every other address is a file of the page.
    """

    async def describe(request: Request) -> Response:
        return JSONResponse(demo.describe())

    places = asyncio.Semaphore(MAX_UPLOADS)

    async def predict(request: Request) -> Response:
        async with places:
            try:
                content = await read_upload(request)
            except ClientDisconnect:  # the page asks anew while one draws, and drops the older request
                return Response(status_code=400)
            unwanted = threading.Event()
            leaving = asyncio.create_task(_note_leaving(request, unwanted))
            try:
                # In a thread, so that the page itself goes on answering.
                invert = request.query_params.get("invert", "auto")
                return JSONResponse(await run_in_threadpool(demo.predict, content, invert, unwanted))
            finally:
                leaving.cancel()

    app = Starlette(
        routes=[
            Route("/model", describe),
            Route("/predict", predict, methods=["POST"]),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[Middleware(_Guard)],
        exception_handlers={UserError: _say_error},
    )
    app.state.stop = demo.reader.close
    return app


async def _note_leaving(request: Request, unwanted: threading.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    unwanted.set()


async def read_upload(request: Request) -> bytes:
    """Return the body of a request; of one that is too large no more is kept than the limit.

    Raises:
        UploadError: It is larger than MAX_UPLOAD_BYTES, or says so; or it stops, or takes longer than UPLOAD_SEC.
        ImageError: It is empty.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_UPLOAD_BYTES:
        raise UploadError(TOO_LARGE)
    content = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SEC), asyncio.timeout(SILENCE_SEC) as silence:
            async for chunk in request.stream():
                silence.reschedule(asyncio.get_running_loop().time() + SILENCE_SEC)
                content += chunk
                if len(content) > MAX_UPLOAD_BYTES:
                    raise UploadError(TOO_LARGE)
    except TimeoutError as error:
        raise SlowUploadError("this picture did not arrive in time; send it again") from error
    if not content:
        raise ImageError("this picture is empty")
    return bytes(content)


async def _say_error(request: Request, error: Exception) -> Response:
    answer = {"error": str(error)}
    if isinstance(error, UploadError):
        return _LastAnswer(answer, error.status, {"Connection": "close"})
    return JSONResponse(answer, 422 if isinstance(error, ImageError) else 500)


class _LastAnswer(JSONResponse):
    """An answer while an upload still arrives, of which the rest is dropped for a while.

    A system that closes a connection with unread bytes resets it, and the sender would lose the answer (RFC 9112, 9.6).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and keep the connection until the sender has read it, or LINGER_SEC."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SEC):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body"})


class _Guard:
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
