"""Somebody of the management, who handles what persons ask for."""

from __future__ import annotations

import pytest

from platform_core.kernel.i18n import speaking
from platform_core.testing.serving import PASSWORD
from platform_core.users import passwords


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def boss(factory):
    return factory.user("management", name="Max", password_hash=passwords.hash_password(PASSWORD))


@pytest.fixture
def max_(browser, boss):
    return browser.sign_in(boss)


@pytest.fixture
def acting(runtime, factory, boss):
    actor = factory.actor(boss)

    def begin():
        return runtime.database.actor_session(actor)

    begin.actor = actor
    return begin
