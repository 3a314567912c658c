"""Fetching of Fashion-MNIST: Debian's package through apt, or a mirror over the internet."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from fashion_keras.data.dataset import FASHION_MNIST_FILES
from fashion_keras.errors import DataError

__all__ = ["DEBIAN_FOLDER", "DEBIAN_PACKAGE", "MIRRORS", "Say", "fetchers"]

Say = Callable[[str], None]

DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
COMMAND_TIMEOUT_SEC = 600
DOWNLOAD_TIMEOUTS_SEC = (10, 60)
"""To connect and between two pieces; short, so that a machine without network is told soon."""

_APT_OPTIONS = ("-q", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10")


def fetchers() -> list[tuple[str, Callable[[Path, Say], Path]]]:
    """Return, in order, an origin and a function that fills a temporary folder and returns where in it they are."""
    mirrors = [(f"download from {mirror}", partial(_download, mirror)) for mirror in MIRRORS]
    return [(f"Debian package {DEBIAN_PACKAGE} through apt", _fetch_with_apt), *mirrors]


def _fetch_with_apt(folder: Path, say: Say) -> Path:
    if shutil.which("apt-get") is None:
        raise DataError("there is no apt-get on this machine")
    if not _apt_knows_package(folder):
        if os.geteuid() != 0:
            raise DataError("apt's lists do not have it; `apt-get update`, which needs root, may help")
        say("fetching the lists of Debian's packages with apt-get update")
        with suppress(DataError):  # one broken repository among several is not our concern
            _run(folder, "apt-get", "update", *_APT_OPTIONS)
        if not _apt_knows_package(folder):
            raise DataError("apt's lists do not have it, even after `apt-get update`")
    say(f"fetching Debian's package {DEBIAN_PACKAGE}, 30 MB, with apt-get download")
    _run(folder, "apt-get", "download", *_APT_OPTIONS, DEBIAN_PACKAGE)
    for package in folder.glob("*.deb"):
        _run(folder, "dpkg-deb", "--extract", str(package), str(folder))
    return folder / DEBIAN_FOLDER.relative_to("/")


def _apt_knows_package(folder: Path) -> bool:
    try:
        return bool(_run(folder, "apt-cache", "show", DEBIAN_PACKAGE))
    except DataError:
        return False


def _run(folder: Path, *command: str) -> str:
    """Return what a command of Debian's prints; its last line of complaint becomes the DataError."""
    try:
        process = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_SEC,
        )
    except FileNotFoundError:
        raise DataError(f"there is no {command[0]} on this machine") from None
    except subprocess.TimeoutExpired:
        raise DataError(f"{command[0]} did not end within {COMMAND_TIMEOUT_SEC} s") from None
    if process.returncode != 0:
        if os.strerror(errno.ENOSPC) in process.stderr:  # tar's, several lines above dpkg-deb's last word
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        complaint = (process.stderr.strip() or f"exit status {process.returncode}").splitlines()[-1]
        raise DataError(f"{' '.join(command[:2])}: {complaint}")
    return process.stdout


def _download(mirror: str, folder: Path, say: Say) -> Path:
    import pooch  # imported late: it brings requests, 0.2 s that no worker needs to pay
    import requests

    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(timeout=DOWNLOAD_TIMEOUTS_SEC)
    for name in FASHION_MNIST_FILES:
        say(f"downloading {mirror}{name}.gz")
        try:
            pooch.retrieve(f"{mirror}{name}.gz", None, f"{name}.gz", folder, downloader=downloader)
        except requests.Timeout:
            raise DataError(f"no answer within {max(DOWNLOAD_TIMEOUTS_SEC)} s") from None
        except requests.ConnectionError:
            raise DataError("no connection; is this machine online?") from None
        except requests.RequestException as error:
            raise DataError(str(error)) from error
    return folder
