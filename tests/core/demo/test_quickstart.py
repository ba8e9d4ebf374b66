"""`make run` after set-up: a real process that loads the demo, says how to sign in, serves, and ends on Ctrl-C."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from platform_core import install
from platform_core.app import Runtime
from platform_core.cli import baton
from platform_core.demo import accounts
from platform_core.permissions.models import Role
from platform_core.settings import load_settings
from platform_core.users.models import User

ROOT = Path(__file__).resolve().parents[3]


def environment(folder, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return {**kept, "BATON_DATA_DIR": str(folder), **more}


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def quickstart(folder, port, **more):
    """The running process and what it has printed so far, once it serves."""
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "platform_core", "quickstart", "--port", str(port)],
            env=environment(folder, **more), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while not answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
        yield process, log
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()


def answers(port):
    with suppress(OSError):
        return ask(port, "GET", "/healthz")[0] == 200
    return False


def ask(port, method, path, body=None, **headers):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer


def sign_in(port, login, word):
    form = urlencode({"login": login, "password": word})
    status, answer = ask(port, "POST", "/login", form, **{"Content-Type": "application/x-www-form-urlencoded"})
    return status == 303, (answer.headers.get("set-cookie") or "").partition(";")[0]


def test_it_prints_accounts_that_work_and_the_same_ones_again(tmp_path, port):
    with quickstart(tmp_path, port) as (process, log):
        text = log.read_text("utf-8")
        assert f"http://127.0.0.1:{port}" in text
        assert all(login in text for login in accounts.announced())
        word = re.search(r"Password of all of them: (\S+)", text)[1]
        entered, cookie = sign_in(port, "collector", word)
        assert entered
        assert ask(port, "GET", "/customers", Cookie=cookie)[0] == 200
        assert ask(port, "GET", "/api/v1/openapi.json")[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert stat.S_IMODE((tmp_path / "demo-password").stat().st_mode) == 0o600
    with quickstart(tmp_path, port) as (_process, log):
        assert word in log.read_text("utf-8")
        assert sign_in(port, "manager", word)[0]


def test_the_password_may_be_given_and_changed_later(tmp_path, port):
    with quickstart(tmp_path, port, BATON_DEMO_PASSWORD="first"):
        assert sign_in(port, "clerk", "first")[0]
    with quickstart(tmp_path, port, BATON_DEMO_PASSWORD="second"):
        assert not sign_in(port, "clerk", "first")[0]
        assert sign_in(port, "clerk", "second")[0]
    assert not (tmp_path / "demo-password").exists()


def test_a_taken_port_is_named_before_anything_is_made(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run(tmp_path, "quickstart", "--port", str(port))
    assert done.exit_code == 1
    assert f"port {port} is in use" in done.output
    assert list(tmp_path.iterdir()) == []


def run(folder, *arguments):
    return CliRunner(env={"BATON_DATA_DIR": str(folder), "BATON_DATABASE_URL": None}).invoke(baton, arguments)


def test_a_database_with_people_is_left_alone(tmp_path):
    settings = load_settings({"BATON_DATA_DIR": str(tmp_path)})
    runtime = Runtime(settings)
    runtime.migrate()
    install.seed(runtime)
    with runtime.database.system_session("test") as session:
        session.add(User(login="real", name="Real person"))
    runtime.close()
    for command in (("quickstart", "--port", "0"), ("demo",)):
        done = run(tmp_path, *command)
        assert done.exit_code == 1
        assert "left alone" in done.output
    again = Runtime(settings)
    with again.database.system_session("test", write=False) as session:
        assert [user.login for user in session.query(User)] == ["real"]
        assert session.query(Role).count() > 0
    again.close()


def test_demo_data_are_loaded_once(tmp_path):
    first = run(tmp_path, "demo", "--customers", "20", "--seed", "3")
    assert first.exit_code == 0, first.output
    assert "20 customers in" in first.output
    second = run(tmp_path, "demo", "--customers", "20")
    assert second.exit_code == 1
    assert "holds demo data already" in second.output
