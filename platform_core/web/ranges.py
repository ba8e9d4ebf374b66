"""A file as a download, or the part of it that is asked for: what broke off is fetched on from there (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import ETag
from litestar.response import File, Stream

_ASKED: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_CHUNK: Final = 256 * 1024


def download(
    request: Request[Any, Any, Any], path: Path, *, filename: str, media_type: str, etag: str
) -> Response[Any]:
    """The whole file, the one part that the request asks for (206), or 416 where the file has none there.

    `etag` (ASCII, without quotes) names the content: a part of what has changed meanwhile is answered by the whole.
    Several parts, and what is no range of bytes, are answered by the whole as well. The route has to be marked as
    packed already: a part of what is compressed on the way is nothing.
    """
    size = path.stat().st_size
    headers = {"accept-ranges": "bytes"}
    found = _ASKED.fullmatch(request.headers.get("range", "").strip())
    same = request.headers.get("if-range", f'"{etag}"') == f'"{etag}"'
    if not found or not any(found.groups()) or not same:
        return File(path, filename=filename, media_type=media_type, etag=ETag(value=etag), headers=headers)
    first, last = _part(found[1], found[2], size)
    if first > last:
        return Response(b"", status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    headers |= {
        "content-range": f"bytes {first}-{last}/{size}",
        "content-length": str(last - first + 1),
        "content-disposition": f"attachment; filename*=utf-8''{quote(filename)}",
        "etag": f'"{etag}"',
    }
    return Stream(_read(path, first, last), status_code=206, media_type=media_type, headers=headers)


def _part(first: str, last: str, size: int) -> tuple[int, int]:
    """Places of the first and the last byte; the first is behind the last where the file has none of these."""
    if not first:  # so many at the end
        return max(0, size - int(last)), size - 1
    end = int(last) if last else size - 1
    # A range that ends before it begins is none at all, and any place is past the end of the file for it.
    return (int(first), min(end, size - 1)) if end >= int(first) else (size, size - 1)


def _read(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
