"""Themes: where they are found, what becomes of broken ones, and whose choice a page follows."""

from __future__ import annotations

import gzip
import importlib
import logging
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.admin import theming
from platform_core.app import create_app
from platform_core.audit.models import AuditEntry
from platform_core.cli import baton
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.models import PluginFault
from platform_core.plugins.places import PluginError
from platform_core.testing.browser import Browser
from platform_core.users.models import User
from platform_core.web import themes

pytestmark = pytest.mark.any_database

TOML = 'version = "1"\nrequires = ">=0.1,<1"\n[name]\nen = "Night"\nzh = "夜"\n'
CSS = "@layer theme {\n  :root { --brand: #112233; }\n}\n"


def write(folder: Path, name: str = "night", toml: str = TOML, css: str | None = CSS, **templates: str) -> Path:
    theme = folder / name
    theme.mkdir(parents=True)
    if toml:
        (theme / "theme.toml").write_text(toml, "utf-8")
    if css is not None:
        (theme / "theme.css").write_text(css, "utf-8")
    for file, text in templates.items():
        path = theme / "templates" / f"{file.replace('__', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return theme


@pytest.fixture
def themed(runtime, start):
    """Another process's view of the same database, with the themes of a folder."""
    return lambda folder, *, strict=False: start(
        strict=strict, theme_folders=(folder,), secret_file=runtime.settings.secret_file
    )


def wearing(factory, name: str) -> User:
    return factory.user("system_admin", theme=name)


def test_ours_are_found_sound_and_linked(runtime, browser, factory):
    assert {item.name: item.problem for item in runtime.templates.themes.found.values()} == {
        "compact": "", "contrast": "", "default": "",
    }  # fmt: skip
    assert [note for item in runtime.templates.themes.found.values() for note in item.notes] == []
    page = browser.sign_in(wearing(factory, "compact")).get("/me").text
    css = runtime.templates.themes.found["compact"].css_url
    assert f'<link rel="stylesheet" href="{css}">' in page
    answer = browser.get(css)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert 'data-scheme="auto"' in answer.text
    assert browser.get("/static/themes/compact.css?v=older").headers["cache-control"] == "no-store"
    assert browser.get("/static/themes/missing.css").status_code == 404
    assert "/static/themes/" not in browser.sign_in(wearing(factory, "default")).get("/me").text


BROKEN = {
    "no toml": ({"toml": ""}, "no theme.toml", "theme.toml"),
    "bad toml": ({"toml": "version = \n"}, "cannot be read", "theme.toml:1"),
    "unknown key": ({"toml": "colour = 1\n" + TOML}, "unknown field", "theme.toml:1"),
    "wrong type": ({"toml": TOML.replace('"1"', "1", 1)}, "Expected `str`", "theme.toml:1"),
    "no name": ({"toml": TOML.replace("en =", "fr =")}, "no name.en", "theme.toml:3"),
    "wrong scheme": ({"toml": 'schemes = ["pink"]\n' + TOML}, "pink", "theme.toml:1"),
    "other version": ({"toml": TOML.replace(">=0.1,<1", ">=9")}, "made for version >=9", "theme.toml:2"),
    "no range": ({"toml": TOML.replace(">=0.1,<1", "new")}, "no range", "theme.toml:2"),
    "no css": ({"css": None}, "no theme.css", "theme.css"),
    "more than tokens": ({"css": CSS + "body { display: none; }"}, "body stands outside", "theme.css:4"),
    "template": ({"users__me": "<p>\n{% if %}</p>"}, "templates/users/me.html", "templates/users/me.html:2"),
    "unknown filter": ({"users__me": "{{ 'x'|nothing }}"}, "nothing", "templates/users/me.html:1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_theme_is_worn_by_nobody_and_named(name, themed, factory, tmp_path, caplog):
    given, problem, place = BROKEN[name]
    write(tmp_path / "more", **given)
    user = wearing(factory, "night")
    with caplog.at_level(logging.WARNING, logger="platform_core.app"):
        broken = themed(tmp_path / "more")
    theme = broken.templates.themes.found["night"]
    assert problem in theme.problem
    assert theme.place == f"more/night/{place}"
    assert f"theme night is broken: {theme.problem} ({theme.place})" in caplog.text
    with TestClient(create_app(broken, background=False)) as client:
        inside = Browser(broken, client).sign_in(user)
        assert 'data-theme="default"' in inside.get("/me").text
        listed = inside.get("/settings/themes")
        assert theme.place in listed.text
        assert client.get("/healthz").json()["reasons"]["theme:night"].startswith(theme.problem)
    with pytest.raises(PluginError, match="theme night is broken") as caught:
        themed(tmp_path / "more", strict=True)
    assert theme.place in str(caught.value)


def test_two_of_one_name_are_both_put_aside(themed, tmp_path):
    write(tmp_path / "more", "compact")
    theme = themed(tmp_path / "more").templates.themes.found["compact"]
    assert theme.problem == "two themes call themselves compact: compact and more"


def test_a_theme_replaces_a_template_and_extends_the_original(themed, factory, tmp_path):
    text = '{% extends "core/users/me.html" %}{% block main %}<p>night</p>{{ super() }}{% endblock %}'
    write(tmp_path / "more", users__me=text)
    shown = themed(tmp_path / "more")
    with TestClient(create_app(shown, background=False)) as client:
        page = Browser(shown, client).sign_in(wearing(factory, "night")).get("/me").text
        assert "<p>night</p>" in page
        assert 'action="/me/password"' in page
        assert "<p>night</p>" not in Browser(shown, client).sign_in(wearing(factory, "compact")).get("/me").text


def test_a_template_that_fails_costs_the_theme_its_say_not_the_page(themed, factory, tmp_path):
    write(
        tmp_path / "more", users__me='{% extends "base.html" %}\n{% block main %}{{ nobody_gave_this }}{% endblock %}'
    )
    user = wearing(factory, "night")
    shown = themed(tmp_path / "more")
    with TestClient(create_app(shown, background=False)) as client:
        inside = Browser(shown, client).sign_in(user)
        page = inside.get("/me")
        assert (page.status_code, 'action="/me/password"' in page.text) == (200, True)
        told = client.get("/healthz").json()["reasons"]["theme:night"]
        assert "'nobody_gave_this' is undefined (more/night/templates/users/me.html:2)" in told
        assert "nobody_gave_this" in inside.get("/settings/themes").text
    shown.manager.faults.save(shown.database)
    with factory.runtime.database.system_session("which faults?", write=False) as session:
        assert session.scalars(select(PluginFault.owner)).all() == ["theme:night"]
    strict = themed(tmp_path / "more", strict=True)
    with TestClient(create_app(strict, background=False), raise_server_exceptions=False) as client:
        assert Browser(strict, client).sign_in(user).get("/me").status_code == 500


def test_a_fault_of_the_page_itself_is_not_the_themes(themed, factory, tmp_path):
    write(tmp_path / "more", web__base='{% extends "core/web/base.html" %}')
    shown = themed(tmp_path / "more")
    with pytest.raises(Exception, match="undefined"):
        shown.templates.render("users/me.html", {}, "night")
    assert shown.manager.faults.latest("theme:night") == []


def test_a_plugin_and_a_package_bring_themes(themed, factory, tmp_path, monkeypatch, runtime):
    site = tmp_path / "site"
    write(site, "ocean_theme", TOML.replace("Night", "Ocean"))
    (site / "ocean-2.dist-info").mkdir()
    (site / "ocean-2.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: ocean\nVersion: 2\n")
    (site / "ocean-2.dist-info" / "entry_points.txt").write_text("[baton.themes]\nocean = ocean_theme\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    theme = themed(tmp_path / "none").templates.themes.found["ocean"]
    assert (theme.title, theme.origin, theme.problem) == ("夜", "ocean", "")
    write(tmp_path / "plugin" / "themes", "shore")
    listed = themes.Themes(themes.sources([themes.OURS], {"coast": tmp_path / "plugin"}))
    assert listed.found["shore"].owner == "coast"
    assert "shore" not in [item.name for item in listed.sound()]
    assert listed.pick("shore", themes.House()).name == "default"
    listed.enabled = lambda: frozenset({"coast"})
    assert listed.pick("shore", themes.House()).name == "shore"


def test_whose_choice_counts(runtime):
    known = runtime.templates.themes
    house = themes.House("compact", frozenset({"compact", "contrast"}))
    assert known.pick("contrast", house).name == "contrast"
    assert known.pick("default", house).name == "compact"
    assert known.pick("", house).name == "compact"
    assert known.pick("gone", themes.House("gone")).name == "default"
    assert [item.name for item in known.offered(house)] == ["compact", "contrast"]
    assert themes.House.of(["nonsense"]) == themes.House()
    assert themes.House.of({"offered": 3}) == themes.House()


def test_the_house_changes_its_theme_for_everybody_at_once(runtime, themed, browser, factory, tmp_path, count_queries):
    boss, clerk = factory.user("system_admin"), factory.user("coordinator")
    other = themed(tmp_path / "none")
    with TestClient(create_app(other, background=False)) as client:
        there = Browser(other, client).sign_in(clerk)
        assert 'data-theme="default"' in there.get("/me").text
        page = browser.sign_in(boss).get("/settings/themes").text
        assert page.count('name="default"') == 3
        form = {"default": "contrast", "offered": ["contrast", "compact"]}
        assert browser.sign_in(boss).post("/settings/themes", form).status_code == 303
        assert 'data-theme="contrast"' in there.get("/me").text
        assert 'data-theme="contrast"' in client.get("/login").text
        assert 'data-theme="contrast"' in client.get("/nowhere").text
        refused = there.post("/me", {"theme": "default"})
        assert refused.status_code == 303
        assert 'data-theme="contrast"' in there.get("/me").text
        assert there.post("/me", {"theme": "compact"}).status_code == 303
        assert 'data-theme="compact"' in there.get("/me").text
        assert there.get("/me/themes/default").status_code == 404
        assert there.get("/settings/themes").status_code == 403
    with factory.runtime.database.system_session("the trail", write=False) as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.action.in_(["admin.themes", "users.appearance"]))
        ).all()
    assert [(row.action, row.actor_id) for row in rows] == [("admin.themes", boss.id), ("users.appearance", clerk.id)]
    assert rows[0].after == {"theme": "contrast", "offered": "compact, contrast"}
    assert rows[1].after == {"theme": "compact"}


def test_choosing_costs_no_statement_more(browser, factory, count_queries, runtime):
    user = factory.user("system_admin")
    inside = browser.sign_in(user)
    inside.get("/me")
    with count_queries(at_most=12) as plain:
        inside.get("/me")
    with runtime.database.system_session("choose") as session:
        theming.choose(session, None, runtime.templates.themes, "compact", ["compact"])
    with count_queries(at_most=12) as chosen:
        assert 'data-theme="compact"' in inside.get("/me").text
    assert len(chosen) == len(plain)


def test_only_what_works_can_be_chosen_and_only_by_those_who_may(runtime, factory, request):
    known = runtime.templates.themes
    clerk = factory.actor(factory.user("coordinator"))
    session = request.getfixturevalue("session")  # only now: on SQLite one writes at a time
    with pytest.raises(Invalid):
        theming.choose(session, None, known, "gone", ["gone"])
    house = theming.choose(session, None, known, "compact", ["default", "contrast", "gone"])
    assert house == themes.House("compact")
    with pytest.raises(Forbidden):
        theming.choose(session, clerk, known, "compact", [])


def test_a_theme_of_one_scheme_is_worn_in_that(themed, factory, tmp_path):
    write(tmp_path / "more", toml='schemes = ["dark"]\n' + TOML)
    shown = themed(tmp_path / "more")
    with TestClient(create_app(shown, background=False)) as client:
        page = Browser(shown, client).sign_in(wearing(factory, "night")).get("/me").text
    assert 'data-scheme="dark"' in page


def test_samples_show_a_theme_before_it_is_chosen(browser, factory, runtime):
    inside = browser.sign_in(factory.user("coordinator"))
    page = inside.get("/me/themes/contrast?scheme=dark").text
    assert 'data-theme="contrast" data-scheme="dark"' in page
    assert 'name="theme" value="contrast"' in page
    assert 'data-theme="default"' in inside.get("/me").text
    assert inside.get("/me/themes/nothing").status_code == 404


def test_every_token_is_described_and_every_described_one_is_read():
    page = (themes.OURS.parent / "docs" / "themes.md").read_text("utf-8")
    described = set(re.findall(r"`(--[a-z0-9-]+)`", page)) - {"--x-"}
    assert described == themes.tokens()


def test_the_command_line_checks_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("BATON_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BATON_THEMES", str(tmp_path / "more"))
    write(tmp_path / "more", css=CSS.replace("--brand", "--brnad"))
    write(tmp_path / "bad", css="body { display: none; }\n")
    runner = CliRunner()
    checked = runner.invoke(baton, ["theme", "check", str(tmp_path / "more" / "night")])
    assert checked.exit_code == 0
    assert "note: more/night/theme.css:2: nothing reads --brnad" in checked.output
    refused = runner.invoke(baton, ["theme", "check", str(tmp_path / "bad" / "night")])
    assert refused.exit_code == 1
    assert "body stands outside @layer theme (bad/night/theme.css:1)" in refused.output


def test_style_sheets_stay_within_a_pages_budget(runtime):
    """docs/design-system.md: 16 kB gzipped; the default theme is part of app.css."""
    app = gzip.compress((Path(themes.__file__).parent / "static" / "app.css").read_bytes())
    for theme in runtime.templates.themes.sound():
        own = gzip.compress(theme.css.encode()) if theme.css_url else b""
        assert len(app) + len(own) <= 16 * 1024, theme.name
