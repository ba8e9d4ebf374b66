"""Pieces that plugins put on every page, and functions they give their templates."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from platform_core.admin import services
from platform_core.app import create_app
from platform_core.testing.browser import Browser

SPECIMEN = """
def context(session, actor):
    return {"who": actor.name} if actor.via == "page" else None

@hookimpl
def baton_slots():
    return [
        Slot("banner", "specimen/_banner.html", context), Slot("side", "specimen/_side.html"),
        Slot("topbar", "specimen/_broken.html"), Slot("topbar", "specimen/_none.html", lambda session, actor: None),
    ]

@hookimpl
def baton_template_helpers():
    return [TemplateHelper("specimen_shout", lambda text: text.upper())]
"""


@pytest.fixture
def templates(install, tmp_path):
    install("specimen", SPECIMEN)
    folder = tmp_path / "site" / "baton_plugins" / "specimen" / "templates"
    folder.mkdir()
    (folder / "_banner.html").write_text("<p>banner for {{ who }}: {{ specimen_shout('hello') }} <{{ page.lang }}</p>")
    (folder / "_side.html").write_text("<p>beside {{ '<tag>' }}</p>")
    (folder / "_broken.html").write_text("{{ nothing_of_that_name }}")


def test_slots_and_helpers_on_every_page_isolated_and_on_with_their_plugin(templates, start, factory):
    user = factory.user()
    runtime = start()
    with TestClient(create_app(runtime, background=False)) as client:
        nobody = Browser(runtime, client)
        browser = nobody.sign_in(user)
        for path in ("/", "/customers"):
            page = browser.get(path)
            assert page.status_code == 200
            assert f"banner for {user.name}: HELLO" in page.text
            assert "beside &lt;tag&gt;" in page.text
        assert any("nothing_of_that_name" in str(fault) for fault in runtime.manager.faults.latest("specimen"))
        assert "banner for" not in nobody.get("/login").text
        assert browser.get("/nowhere").status_code == 404
        for enabled in (False, True):
            with runtime.database.system_session("test") as session:
                services.set_plugin(session, None, runtime.platform, "specimen", enabled=enabled)
            assert ("banner for" in browser.get("/customers").text) is enabled
            helper = runtime.templates._environment(None).globals["specimen_shout"]
            assert helper("a") == ("A" if enabled else "")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def baton_slots(): return [Slot('banner', 'web/error.html')]", "must start with 'specimen/'"),
        ("def baton_template_helpers(): return [TemplateHelper('shout', str)]", "must start with 'specimen_'"),
        ("def baton_template_helpers(): return [str]", "expected TemplateHelper"),
    ],
)
def test_what_belongs_to_others_is_refused(install, start, code, reason):
    install("specimen", f"@hookimpl\n{code}")
    plugin = start().manager.plugins["specimen"]
    assert plugin.state == "broken"
    assert reason in plugin.reason
