"""Settings that plugins declare: a form, checked values, secrets that only go in, effect on the next request."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from baton_plugins.activities.settings import FIRST_VISIT_DAYS
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.api import read_setting
from platform_core.app import create_app
from platform_core.audit.models import AuditEntry
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.models import SettingValue
from platform_core.testing.browser import Browser
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

PAGE = "/settings/plugins/activities/settings"
OTHERS = {
    "one_call_days": "3", "urge_days": "1", "cadence": "", "lead": "15m", "reminders_together": "5", "digest": "1",
    "sms_reminders": "1", "sms_when_away": "1", "sms_codes": "", "mail_reminders": "1", "mail_when_away": "1",
}  # fmt: skip
"""What a browser sends along from the rest of that form."""
SPECIMEN = """
def longer(text):
    if text == "boom":
        raise LookupError(text)
    return "" if len(text) > 3 else "At least four letters, please."

TITLE = Setting("specimen.title", "Title", "Hello", help="Shown on top.", check=longer)
MODE = Setting("specimen.mode", "Mode", "slow", choices=(("slow", "Slow"), ("fast", "Fast")))
LOUD = Setting("specimen.loud", "Loud", True)
TOKEN = Setting("specimen.token", "Token", "", secret=True)

@hookimpl
def baton_settings():
    return [TITLE, MODE, LOUD, TOKEN]
"""


@pytest.fixture
def admin(browser, factory):
    return browser.sign_in(factory.user("system_admin"))


def read(runtime, setting):
    with runtime.database.system_session("look", write=False) as session:
        return read_setting(session, setting)


def test_the_form_shows_saves_and_audits(runtime, admin, count_queries):
    assert PAGE in admin.get("/settings/plugins").text
    with count_queries(at_most=12):
        page = admin.get(PAGE)
    assert page.status_code == 200
    assert 'name="first_visit_days"' in page.text
    assert 'value="3"' in page.text
    assert admin.post(PAGE, {**OTHERS, "first_visit_days": " 5 "}).status_code == 303
    assert read(runtime, FIRST_VISIT_DAYS) == 5
    assert 'value="5"' in admin.get(PAGE).text
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "admin.plugin_settings")).one()
    assert (line.before, line.after) == ({"first_visit_days": 3}, {"first_visit_days": 5})
    assert admin.post(PAGE, {**OTHERS, "first_visit_days": "3"}).status_code == 303
    with runtime.database.system_session("look", write=False) as session:
        assert session.get(SettingValue, FIRST_VISIT_DAYS.key) is None, "the default is not stored"


@pytest.mark.parametrize("value", ["", "three", "-1", "61", "9" * 40, "2.5"])
def test_a_refused_value_keeps_the_old_one_and_says_why_at_its_field(runtime, admin, value):
    page = admin.post(PAGE, {**OTHERS, "first_visit_days": value})
    assert page.status_code == 422
    assert 'id="f-first_visit_days-error"' in page.text
    assert f'value="{value}"' in page.text
    assert read(runtime, FIRST_VISIT_DAYS) == 3


def test_only_those_who_keep_plugins_reach_it(browser, factory, admin):
    other = browser.sign_in(factory.user("management"))
    assert other.get(PAGE).status_code == 403
    assert other.post(PAGE, {"first_visit_days": "4"}).status_code == 403
    for name in ("opportunity", "outbox"):
        assert admin.get(f"/settings/plugins/{name}/settings").status_code == 404


def test_every_kind_of_input_and_a_secret_that_only_goes_in(install, start, runtime, factory):  # noqa: F811
    install("specimen", SPECIMEN)
    from baton_plugins.specimen import plugin as specimen

    user, url = factory.user("system_admin"), "/settings/plugins/specimen/settings"
    other = start()
    with TestClient(create_app(other, background=False)) as client:
        admin = Browser(other, client).sign_in(user)
        page = admin.get(url).text
        assert 'type="checkbox" id="f-loud" name="loud" value="1" checked' in page
        assert '<option value="slow" selected>' in page
        assert "Shown on top." in page
        refused = admin.post(url, {"title": "abc", "mode": "warp", "token": "s3cret"})
        assert refused.status_code == 422
        assert "At least four letters, please." in refused.text
        assert 'id="f-mode-error"' in refused.text
        assert "s3cret" not in refused.text
        assert not settings_rows(runtime)
        failing = admin.post(url, {"title": "boom", "mode": "slow"})
        assert failing.status_code == 422
        assert "could not check this" in failing.text
        assert "check of specimen.title" in repr(other.manager.faults.latest("specimen"))
        assert admin.post(url, {"title": "Good day", "mode": "fast", "token": "s3cret"}).status_code == 303
        assert "s3cret" not in admin.get(url).text
        assert "s3cret" not in repr(settings_rows(runtime))
        values = [read(other, item) for item in (specimen.TITLE, specimen.MODE, specimen.LOUD, specimen.TOKEN)]
        assert values == ["Good day", "fast", False, "s3cret"]
        assert admin.post(url, {"title": "Good day", "mode": "fast", "token": ""}).status_code == 303
        assert read(other, specimen.TOKEN) == "s3cret"
        admin.post(url, {"title": "Good day", "mode": "fast", "token": "", "forget_token": "1"})
        assert read(other, specimen.TOKEN) == ""
        lines = look(runtime, select(AuditEntry).where(AuditEntry.action == "admin.plugin_settings"))
        assert len(lines) == 2
        assert "s3cret" not in repr([(line.before, line.after) for line in lines])
        assert lines[1].after == {"token": ""}


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement.order_by(AuditEntry.id)))


def settings_rows(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return session.execute(select(SettingValue.key, SettingValue.value)).all()


def test_a_change_counts_in_every_process_at_once(runtime, admin):
    """Nothing is cached longer than a session: another process reads what has just been saved."""
    code = (
        "import sys\nfrom baton_plugins.activities.settings import FIRST_VISIT_DAYS\n"
        "from platform_core.app import Runtime\nfrom platform_core.settings import load_settings\n"
        "from platform_core.api import read_setting\nruntime = Runtime(load_settings())\n"
        "for line in sys.stdin:\n"
        "    with runtime.database.system_session('look', write=False) as session:\n"
        "        print(read_setting(session, FIRST_VISIT_DAYS), flush=True)\n"
    )
    settings = runtime.settings
    env = {
        **os.environ,
        "BATON_DATABASE_URL": settings.database_url,
        "BATON_DATA_DIR": str(settings.data_dir),
        "BATON_SECRET_FILE": str(settings.secret_file),
    }
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        for wanted in ("3", "7", "8"):
            if wanted != "3":
                admin.post(PAGE, {**OTHERS, "first_visit_days": wanted})
            process.stdin.write("?\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == wanted
        process.stdin.close()


def test_what_no_longer_fits_the_declaration_falls_back(session):
    narrow = Setting("x.mode", "Mode", "a", choices=(("a", "A"),))
    secret = Setting("x.secret", "Secret", "", secret=True)
    settingvalues.write(session, narrow, "gone")
    session.add(SettingValue(key="x.secret", value="not encrypted"))
    session.flush()
    session.info.pop("settings")
    assert read_setting(session, narrow) == "a"
    assert read_setting(session, secret) == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"default": 1.5}, "must be a text"),
        ({"default": "c", "choices": (("a", "A"),)}, "none of its choices"),
        ({"default": "x", "secret": True}, "must have the default ''"),
    ],
)
def test_senseless_declarations_are_refused(arguments, reason):
    with pytest.raises((TypeError, ValueError), match=reason):
        Setting("x.y", "X", **arguments)
