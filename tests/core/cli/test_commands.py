"""The operator's commands, run in this process on the test's database."""

from __future__ import annotations

import re
import stat

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.cli import baton
from platform_core.cli.serve import offer_setup
from platform_core.kernel import events, signals
from platform_core.kernel.jobs import wake_through
from platform_core.testing.browser import Browser
from platform_core.users import keyhelp, keys
from platform_core.users.keymodels import Credential
from platform_core.users.models import User


@pytest.fixture
def environment(runtime, monkeypatch):
    settings = runtime.settings
    values = {
        "BATON_DATABASE_URL": settings.database_url,
        "BATON_DATA_DIR": str(settings.data_dir),
        "BATON_SECRET_FILE": str(settings.secret_file),
        "BATON_BASE_URL": "https://crm.example",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield values
    # A command builds a platform of its own, which takes these over.
    events.listen_through(lambda: runtime.manager.declared.listeners)
    wake_through(runtime.wakeups.send)
    signals.send_through(runtime.hub.send)


@pytest.fixture
def run(environment):
    def run(*arguments, fails=False):
        result = CliRunner().invoke(baton, [str(argument) for argument in arguments])
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    return run


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_accounts_are_made_listed_given_roles_and_reset(runtime, run, browser, factory):
    factory.department("East")
    made = run("user", "add", "li.lei", "--name", "Li Lei", "--department", "d1", "--role", "coordinator")
    path = re.search(r"https://crm\.example(/reset/[\w-]+)", made)[1]
    password = "green tea in the afternoon"
    assert browser.post(path, {"password": password, "again": password}).status_code == 303
    assert browser.post("/login", {"login": "li.lei", "password": password}).status_code == 303
    assert "li.lei\tLi Lei\tactive\tEast\tcoordinator" in run("user", "list")
    run("user", "role", "li.lei", "finance")
    assert "coordinator,finance" in run("user", "list")
    assert "/reset/" in run("user", "reset", "li.lei")
    assert "taken" in run("user", "add", "LI.LEI", fails=True)
    assert "no role yet" not in run("user", "add", "nobody.yet")
    for wrong in (("user", "reset", "x"), ("user", "role", "li.lei", "x"), ("user", "add", "y2", "--department", "x")):
        assert "Error" in run(*wrong, fails=True)
    assert look(runtime, select(User.login).where(User.login == "y2")) == []
    vias = set(look(runtime, select(AuditEntry.via).where(AuditEntry.action == "users.create")))
    assert vias == {"system"}


def test_the_operator_helps_when_the_last_key_is_lost(runtime, run, factory):
    user, other = factory.user(login="boss"), factory.user()
    factory.add(Credential(user_id=user.id, key_id=b"lost", public_key=b"-", name="blue", kind="key"))
    code = run("user", "lost-key", "boss").splitlines()[-1]
    with runtime.database.system_session("test") as session:
        assert keys.of_user(session, user.id) == []
        assert not keyhelp.use(session, other.id, code)
        assert keyhelp.use(session, user.id, code)
        assert not keyhelp.use(session, user.id, code)
    assert "there is no account" in run("user", "lost-key", "nobody", fails=True)


def test_tokens_are_made_listed_and_revoked(runtime, run, browser, factory):
    user = factory.user()
    text = run("token", "create", user.login, "--name", "reports", "--days", "30").strip().splitlines()[-1]
    program = Browser(runtime, browser._client, f"Bearer {text}")
    assert program.get("/api/v1/users/me").json()["login"] == user.login
    listed = run("token", "list")
    assert "reports" in listed
    assert "valid" in listed
    assert text not in listed
    token_id = re.search(r"^[0-9a-f-]{36}", listed, re.MULTILINE)[0]
    run("token", "revoke", token_id)
    assert program.get("/api/v1/users/me").status_code == 401
    assert "revoked" in run("token", "list")
    assert "no such token" in run("token", "revoke", token_id, fails=True)
    assert "no account" in run("token", "create", "nobody", fails=True)
    actions = look(runtime, select(AuditEntry.action).where(AuditEntry.action.like("users.%token")))
    assert sorted(actions) == ["users.revoke_token", "users.token"]


def test_plugins_are_listed_and_switched(runtime, run):
    assert re.search(r"^activities\t\S+\tenabled\t", run("plugin", "list"), re.MULTILINE)
    assert "switched off: activities" in run("plugin", "disable", "activities")
    assert "off already" in run("plugin", "disable", "activities")
    assert re.search(r"^activities\t\S+\tdisabled\t", run("plugin", "list"), re.MULTILINE)
    runtime.follow()
    assert "activities" not in runtime.manager.enabled
    assert "switched on: activities" in run("plugin", "enable", "activities")
    assert "no plugin" in run("plugin", "enable", "nothing", fails=True)


def test_the_first_start_offers_a_setup_link_until_somebody_administers(run, environment, browser, capsys):
    offer_setup()
    path = re.search(r"https://crm\.example(/setup/[\w-]+)", capsys.readouterr().out)[1]
    password = "green tea in the afternoon"
    form = {"login": "boss", "name": "Boss", "password": password, "again": password}
    assert browser.post(path, form).status_code == 303
    offer_setup()
    assert "/setup/" not in capsys.readouterr().out


def test_the_doctor_names_what_is_wrong(runtime, run, environment, monkeypatch, tmp_path):
    assert "nobody can administer" in run("doctor", fails=True)
    code = re.search(r"/reset/([\w-]+)", run("user", "add", "boss", "--role", "system_admin"))[1]
    from platform_core.users import accounts

    with runtime.database.system_session("test") as session:
        accounts.choose_password(session, code, "green tea in the afternoon")
    assert "all well" in run("doctor")
    monkeypatch.setenv("BATON_TIMEZONE", "Mars/Olympus")
    assert "not a time zone" in run("doctor", fails=True)
    monkeypatch.setenv("BATON_TIMEZONE", "Asia/Shanghai")
    monkeypatch.setenv("BATON_REDIS_URL", "redis://127.0.0.1:1/0")
    assert "Redis does not answer" in run("doctor", fails=True)
    monkeypatch.delenv("BATON_REDIS_URL")
    secret = tmp_path / "secret.json"
    secret.write_bytes(runtime.settings.secret_file.read_bytes())
    secret.chmod(0o644)
    monkeypatch.setenv("BATON_SECRET_FILE", str(secret))
    assert "chmod 600" in run("doctor", fails=True)
    secret.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert "all well" in run("doctor")
    monkeypatch.setenv("BATON_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert "run: baton migrate" in run("doctor", fails=True)
    assert run("backup", fails=True).endswith("does not fit this program; run: baton migrate\n")
