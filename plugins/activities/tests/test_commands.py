"""`baton activities …`, run in this process on the test's database."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from platform_core.admin import services
from platform_core.api import Customer, now
from platform_core.cli import baton


@pytest.fixture
def run(runtime, monkeypatch):
    monkeypatch.setenv("BATON_DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("BATON_DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.setenv("BATON_SECRET_FILE", str(runtime.settings.secret_file))

    def run(*arguments, fails=False):
        result = CliRunner().invoke(baton, arguments)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    yield run
    runtime.take_charge()  # a command builds a platform of its own


def test_refresh_corrects_next_dates(house, run):
    house.plan("collector")
    right = house.now().next_plan_at
    assert run("activities", "refresh") == "corrected: 0\n"
    with house.runtime.database.system_session("spoil it") as session:
        session.get_one(Customer, house.customer.id).next_plan_at = now()
    assert run("activities", "refresh") == "corrected: 1\n"
    assert house.now().next_plan_at == right


def test_the_command_is_listed_and_refused_while_the_plugin_is_off(runtime, run):
    assert "activities" in run("--help")
    assert "refresh" in run("activities", "--help")
    with runtime.database.system_session("test") as session:
        services.set_plugin(session, None, runtime.platform, "activities", enabled=False)
    assert "activities is disabled" in run("activities", "refresh", fails=True)


def test_an_unknown_command_is_refused(run):
    assert "No such command" in run("opportunity", "refresh", fails=True)
    assert "No such command" in run("activities", "explode", fails=True)
