"""The web application: the files of the page, what it says of the model, and predictions of pictures."""

import asyncio
import threading
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from fashion_keras.demo.guard import Guard
from fashion_keras.demo.prediction import MAX_UPLOAD_BYTES, TOO_LARGE, Demo
from fashion_keras.errors import ImageError, UserError

__all__ = ["MAX_UPLOADS", "SlowUploadError", "UploadError", "build_app"]

PAGE = Path(__file__).with_name("page")


MAX_UPLOADS = 12
"""So many are read and answered at a time; the others wait. A browser opens six connections at most."""

SILENCE_SEC = 5.0
UPLOAD_SEC = 60.0


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
        middleware=[Middleware(Guard)],
        exception_handlers={UserError: _say_error},
    )
    app.state.stop = demo.reader.close
    return app


async def _note_leaving(request: Request, unwanted: threading.Event) -> None:
    """Wait until the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    unwanted.set()


async def read_upload(request: Request) -> bytes:
    """Return the body of a request; of one that is too large no more is read than the limit.

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
    status = error.status if isinstance(error, UploadError) else 422 if isinstance(error, ImageError) else 500
    # What is left of an upload is not read, so that the connection cannot serve another request.
    headers = {"Connection": "close"} if isinstance(error, UploadError) else None
    return JSONResponse({"error": str(error)}, status_code=status, headers=headers)
