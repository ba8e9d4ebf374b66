"""Style sheets, scripts and icons: packed once, kept for ever, and nothing else of the folder's neighbours."""

from __future__ import annotations

import gzip
import json

import pytest

from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
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


def test_what_an_installed_application_needs_is_there(browser: Browser) -> None:
    manifest = browser.get(static_url("app.webmanifest"))
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    told = manifest.json()
    assert (told["start_url"], told["display"]) == ("/", "standalone")
    for icon in told["icons"]:
        assert browser.get(icon["src"]).headers["content-type"] == "image/png"


def test_the_worker_keeps_files_of_the_program_and_a_page_that_knows_nobody(browser: Browser, factory: Factory) -> None:
    script = browser.get("/sw.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "no-store"
    head = script.text.split("\n")[1]
    kept = json.loads(head.removeprefix("const FILES = ").removesuffix(";"))
    assert static_url("app.js") in kept
    assert all(browser.get(path).status_code == 200 for path in kept)
    user = factory.user(name="Nobody in particular")
    signed_in = browser.sign_in(user).get("/offline")
    assert signed_in.status_code == 200
    assert user.name not in signed_in.text
    assert str(user.id) not in signed_in.text
    assert "queue-of" not in signed_in.text


@pytest.mark.parametrize("path", ["nothing.css", "", "%2e%2e%2fapp.py", "themes"])
def test_nothing_else_is_there(browser: Browser, path: str) -> None:
    assert browser.get(f"/static/{path}").status_code == 404
