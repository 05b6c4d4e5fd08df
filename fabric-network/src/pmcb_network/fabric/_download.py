# SPDX-License-Identifier: Apache-2.0
"""Files from the web: whole or not at all, of a bounded size."""

from collections.abc import Callable
from pathlib import Path

import httpx

from pmcb_network.errors import FetchFailed

MAX_ARCHIVE_BYTES = 512 * 2**20  # Fabric's are around 100 MiB
_MAX_PAGE_BYTES = 4 * 2**20
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_REDIRECTS = 5  # release pages send to a store of files
_PARTS = 10
_OFFLINE = (
    "check the connection; on a machine without one, bring the archives and give "
    "--archive and --sha256"
)


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=True, max_redirects=_REDIRECTS)


def ask(url: str) -> httpx.Response:
    """What a page answers, whatever its status.

    Raises:
        FetchFailed: it cannot be reached, or answers too much.
    """
    try:
        with _client() as client, client.stream("GET", url) as answer:
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MAX_PAGE_BYTES:
                    raise FetchFailed(f"{url} answers more than a page")
            return httpx.Response(answer.status_code, content=content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(url, error) from error


def download(url: str, into: Path, say: Callable[[str], None]) -> None:
    """Writes what is there into a new file.

    Raises:
        FetchFailed: it cannot be reached, is not there, breaks off, or is too large.
    """
    try:
        with _client() as client, client.stream("GET", url) as answer:
            if not answer.is_success:
                raise FetchFailed(
                    f"{url} cannot be had: the answer is {answer.status_code}",
                    next_step="check the address, or give another one with --archive",
                )
            _write(answer, into, say)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(url, error) from error


def _write(answer: httpx.Response, into: Path, say: Callable[[str], None]) -> None:
    name = answer.request.url.path.rpartition("/")[2]
    total = int(answer.headers.get("content-length", 0))
    told = 0
    with into.open("xb") as file:
        for part in answer.iter_bytes():
            file.write(part)
            if file.tell() > MAX_ARCHIVE_BYTES:
                raise FetchFailed(f"{name} is larger than {MAX_ARCHIVE_BYTES // 2**20} MiB")
            if total and (done := file.tell() * _PARTS // total) > told:
                told = done
                say(f"downloading {name}: {done * 100 // _PARTS} %")


def _unreachable(url: str, error: Exception) -> FetchFailed:
    reason = str(error) or type(error).__name__
    return FetchFailed(f"{url} cannot be had: {reason}", next_step=_OFFLINE)
