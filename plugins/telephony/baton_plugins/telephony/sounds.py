"""A recording on its way from the exchange to whoever listens: fetched once the transaction is over, never kept."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
from baton_plugins.telephony.hosts import Hosts, port_of
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse

from platform_core.api import NotFound, Response, TooLarge, Unavailable, speaking, translator

_ = translator("telephony")
MOST: Final = 200 * 1024 * 1024
"""Bytes of one recording: a call of several hours, uncompressed"""
LONGEST: Final = 900.0
"""Seconds for one answer; a browser that wants more of it asks for the rest."""
_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_REDIRECTS: Final = 3
_RANGE: Final = re.compile(r"bytes=\d{0,15}-\d{0,15}")
_PASSED: Final = ("content-length", "content-range", "accept-ranges")
_WRITTEN_OTHERWISE: Final = frozenset({"application/octet-stream", "binary/octet-stream", ""})
_SOUNDS: Final = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}
_log = logging.getLogger(__name__)
for _name in ("httpx", "httpcore"):  # they log each address that is asked, and those of recordings may hold the number
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Wanted:
    url: str
    hosts: Hosts
    part: str
    """The header Range of whoever listens, or empty."""
    language: str


class Sound(Response[bytes]):
    """The answer that passes a recording on."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(b"", status_code=200, media_type="audio/wav")
        self._wanted = wanted

    def to_asgi_response(self, *_arguments: Any, **_more: Any) -> ASGIResponse:
        return _Passing(self._wanted)


class _Passing(ASGIResponse):
    def __init__(self, wanted: Wanted) -> None:
        super().__init__(body=b"", status_code=200)
        self._wanted = wanted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whatever the exchange refuses is raised before anything is sent, so that it becomes an answer in words."""
        async with AsyncExitStack() as stack:
            with speaking(self._wanted.language):
                answer = await _opened(self._wanted, stack)
            headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
            passed = ASGIStreamingResponse(
                iterator=_limited(answer), status_code=answer.status_code, media_type=_kind(answer) or "",
                headers={**headers, "content-disposition": "inline"},
            )  # fmt: skip
            await passed(scope, receive, send)


async def _opened(wanted: Wanted, stack: AsyncExitStack) -> httpx.Response:
    """The exchange's answer, its content still to come. Redirects lead to the same host or nowhere."""
    url, first = wanted.url, urlsplit(wanted.url).hostname
    for _turn in range(_REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.hostname != first or not wanted.hosts.has(parts):
            raise NotFound(_("The exchange sends on to another host, from which nothing is fetched."))
        try:
            answer = await _asked(wanted, parts, stack)
        except (httpx.HTTPError, OSError, httpx.InvalidURL) as error:
            raise Unavailable(_("The exchange did not answer. Try again later, or ask who looks after it.")) from error
        if answer.is_redirect:
            url = urljoin(url, answer.headers.get("location", ""))
            continue
        return _fit(answer)
    raise NotFound(_("The exchange sends on without end."))


async def _asked(wanted: Wanted, parts: SplitResult, stack: AsyncExitStack) -> httpx.Response:
    """By the address that was checked: what the name means a moment later does not matter."""
    host, port = parts.hostname or "", port_of(parts) or 0
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    address = next((str(one[4][0]) for one in found if wanted.hosts.may_reach(str(one[4][0]))), None)
    if address is None:
        raise NotFound(_("%(host)s stands in a private network that is not named in the settings.", host=host))
    client = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=_certificates())
    await stack.enter_async_context(client)
    headers = {"host": parts.netloc.rpartition("@")[2], "accept-encoding": "identity", "accept": "audio/*, */*;q=0.5"}
    if _RANGE.fullmatch(wanted.part):
        headers["range"] = wanted.part
    there = httpx.URL(parts.geturl()).copy_with(host=address)
    request = client.build_request("GET", there, headers=headers, extensions={"sni_hostname": host})
    answer = await client.send(request, stream=True)
    stack.push_async_callback(answer.aclose)
    return answer


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Those of the system, where a house adds its own."""
    return ssl.create_default_context()


def _fit(answer: httpx.Response) -> httpx.Response:
    if answer.status_code in {401, 403, 404, 410}:
        raise NotFound(_("The exchange no longer has this recording, or does not give it to Baton."))
    if answer.status_code not in {200, 206, 416}:
        raise Unavailable(_("The exchange did not answer. Try again later, or ask who looks after it."))
    if answer.status_code != 416 and _kind(answer) is None:
        raise NotFound(_("What the exchange gives is no sound."))
    length = answer.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST:
        raise TooLarge(_("The recording is too large to be played here."))
    return answer


def _kind(answer: httpx.Response) -> str | None:
    """Its media type; None for what is no sound."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return None
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told.startswith("audio/"):
        return str(told)
    if told not in _WRITTEN_OTHERWISE:
        return None
    name = answer.request.url.path.lower()
    guessed = next((kind for ending, kind in _SOUNDS.items() if name.endswith(ending)), mimetypes.guess_type(name)[0])
    return guessed if guessed is not None and guessed.startswith("audio/") else None


async def _limited(answer: httpx.Response) -> AsyncIterator[bytes]:
    """What comes, as far as it is neither too much nor too slow. Less than was told is an error at the browser."""
    passed, ends = 0, asyncio.get_running_loop().time() + LONGEST
    try:
        async for piece in answer.aiter_raw():
            passed += len(piece)
            if passed > MOST or asyncio.get_running_loop().time() > ends:
                _log.warning("a recording was cut off after %s bytes", passed)
                return
            yield piece
    except httpx.HTTPError as error:
        _log.warning("a recording broke off after %s bytes: %s", passed, type(error).__name__)
