"""Accounts that can sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platform_core.app import Runtime
from platform_core.testing.factories import Factory
from platform_core.users import accounts
from platform_core.users.models import User
from tests.core.users.keyring import PASSWORD, Person


@pytest.fixture
def account(runtime: Runtime, factory: Factory) -> Callable[..., User]:
    """`account(role="coordinator", …)`: a user whose password is PASSWORD."""

    def make(role: str = "coordinator", **fields: Any) -> User:
        user = factory.user(role=role, **fields)
        with runtime.database.system_session("password for a test") as session:
            accounts.set_password(session, session.get_one(User, user.id), PASSWORD)
        return user

    return make


@pytest.fixture
def person(runtime, browser, account):
    """`person(role="coordinator", …)`: an account with the windows and keys of its owner."""
    return lambda role="coordinator", **fields: Person(runtime, browser, account(role, **fields))
