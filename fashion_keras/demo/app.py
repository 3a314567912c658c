"""The web application: the files of the page, what it says of the model, and answers to pictures."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from fashion_keras.demo.answering import MAX_UPLOAD_BYTES, TOO_LARGE, Demo
from fashion_keras.demo.guard import Guard
from fashion_keras.errors import ImageError, UserError

PAGE = Path(__file__).with_name("page")


class UploadError(ImageError):
    """A picture is larger than the page takes."""


def build_app(demo: Demo, host: str = "127.0.0.1") -> Starlette:
    """Return the application.

    It answers `GET /model` and `POST /answer?invert=auto`, the body the content of a picture, in JSON; what is wrong is
    one line under `error`. Every other address is a file of the page.

    Args:
        demo: What is tried.
        host: The name by which requests may call this machine, besides `localhost` and the like.
    """

    async def describe(request: Request) -> Response:
        return JSONResponse(demo.describe())

    async def answer(request: Request) -> Response:
        try:
            content = await read_upload(request)
        except ClientDisconnect:  # the page asks anew while one draws, and drops the older request
            return Response(status_code=400)
        # In a thread, so that the page itself goes on answering.
        return JSONResponse(await run_in_threadpool(demo.answer, content, request.query_params.get("invert", "auto")))

    return Starlette(
        routes=[
            Route("/model", describe),
            Route("/answer", answer, methods=["POST"]),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[Middleware(Guard, host=host)],
        exception_handlers={UserError: _say_error},
    )


async def read_upload(request: Request) -> bytes:
    """Return the body of a request; of one that is too large no more is read than the limit.

    Raises:
        UploadError: It is larger than MAX_UPLOAD_BYTES, or says so.
        ImageError: It is empty.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_UPLOAD_BYTES:
        raise UploadError(TOO_LARGE)
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_UPLOAD_BYTES:
            raise UploadError(TOO_LARGE)
    if not content:
        raise ImageError("this picture is empty")
    return bytes(content)


async def _say_error(request: Request, error: Exception) -> Response:
    status = 413 if isinstance(error, UploadError) else 422 if isinstance(error, ImageError) else 500
    # What is left of an upload is not read, so that the connection cannot serve another request.
    headers = {"Connection": "close"} if status == 413 else None
    return JSONResponse({"error": str(error)}, status_code=status, headers=headers)
