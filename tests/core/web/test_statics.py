"""Style sheets, scripts and icons: packed once, kept for ever, and nothing else of the folder's neighbours."""

from __future__ import annotations

import gzip

import pytest

from platform_core.testing.browser import Browser
from platform_core.web.marks import static_url
from platform_core.web.statics import _FOLDER

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize("name", ["app.css", "app.js", "icons.svg", "htmx.min.js"])
def test_a_file_comes_packed_as_far_as_goes_or_as_it_is(browser: Browser, name: str) -> None:
    body = (_FOLDER / name).read_bytes()
    answer = browser.get(static_url(name), headers={"accept-encoding": "gzip"})
    assert answer.content == body
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(gzip.compress(body, 9))
    plain = browser.get(static_url(name), headers={"accept-encoding": "identity"})
    assert plain.content == body
    assert "content-encoding" not in plain.headers
    for kept in (answer, plain):
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert kept.headers["vary"] == "Accept-Encoding"
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert kept.headers["content-type"].split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}


@pytest.mark.parametrize("path", ["nothing.css", "", "%2e%2e%2fapp.py", "themes"])
def test_nothing_else_is_there(browser: Browser, path: str) -> None:
    assert browser.get(f"/static/{path}").status_code == 404
