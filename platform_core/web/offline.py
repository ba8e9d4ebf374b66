"""Baton as an installed application: the script that keeps its shell in the browser, and the page without a network.

Only what is public is kept: files of the program and a page that is the same for everybody. What somebody has typed and
could not send lies in the browser's storage (`queue.js`) until it is sent, taken back or discarded with the sign-out.
"""

from __future__ import annotations

import json
from typing import Any

from litestar import Request, Response

from platform_core.web.endpoint import PUBLIC
from platform_core.web.marks import static_url
from platform_core.web.pages import page
from platform_core.web.routing import get
from platform_core.web.statics import read

_SCRIPT = "sw.js"
_KEPT = ("app.css", "app.js", "htmx.min.js", "icons.svg", "logo.svg")


@get("/sw.js", permission=PUBLIC, name="web:worker")
def worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The service worker. Another version of what it keeps makes it another script, which browsers then take."""
    files = [static_url(name) for name in _KEPT]
    head = f"const CACHE = 'baton {static_url(_SCRIPT)} {' '.join(files)}';\nconst FILES = {json.dumps(files)};\n"
    return Response(head.encode() + read(_SCRIPT), media_type="text/javascript")


@get("/offline", permission=PUBLIC, name="web:offline")
def offline(request: Request[Any, Any, Any]) -> Response[str]:
    """What is shown where there is no network; it knows nobody."""
    return page(request, "offline.html")


HANDLERS = [worker, offline]
