"""Where a step of the relay leads: to the customer, or back to the board that it was taken from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response

from platform_core.web.pages import redirect

_BOARD = "/relay/board"


def onward(request: Request[Any, Any, Any], url: str) -> Response[str]:
    """`url`, unless the dialog was opened on the board: nobody loses their place there."""
    came = urlsplit(request.headers.get("hx-current-url") or "")
    if came.path == _BOARD:
        url = f"{_BOARD}?{came.query}" if came.query else _BOARD
    return redirect(request, url)
