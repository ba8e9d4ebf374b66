"""What browsers fetch once and keep: style sheets, scripts, icons, compressed as far as goes, once for each start.

Compressed for each request they would weigh a seventh more: app.css 16.3 instead of 14.1 kB.
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from platform_core.web.endpoint import PUBLIC

PACKED = "packed"
"""Key of a handler's `opt`: its answers are compressed already, or not worth it."""
_TYPES = {".webmanifest": "application/manifest+json"}
_FOLDER = Path(__file__).parent / "static"
_KEPT = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    body: bytes
    packed: bytes


@cache
def _files() -> dict[str, _File]:
    """By name: those that the set-up has made. A change of them is served after a restart, as their addresses are."""
    return {path.name: _read(path) for path in _FOLDER.iterdir() if path.is_file()} if _FOLDER.is_dir() else {}


def _read(path: Path) -> _File:
    body = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(media_type, body, gzip.compress(body, 9, mtime=0))


def read(name: str) -> bytes:
    """One file, as the set-up has made it; nothing where it has not run."""
    found = _files().get(name)
    return found.body if found else b""


@litestar.get(
    "/static/{file:str}",
    name="web:static",
    opt={"permission": PUBLIC, "endpoint": True, PACKED: True},
    include_in_schema=False,
    sync_to_thread=False,
)
def static(request: Request[Any, Any, Any], file: FromPath[str]) -> Response[bytes]:
    """One file, kept by browsers for ever: its address changes with what is in it."""
    found = _files().get(file)
    if found is None:
        return Response(b"", status_code=404, media_type="text/plain")
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**_KEPT, "content-encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=_KEPT)
