"""Separated duties: of the three administrators none can do what another does, and none sees customers."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.permissions.models import Role, RoleGrant

DUTIES = {
    "system_admin": {"admin.plugins", "admin.jobs", "users.manage"},
    "security_admin": {"permissions.manage"},
    "audit_admin": {"audit.read", "audit.export", "audit.retain"},
}
SEE_NO_CUSTOMER = {"users.view", "customers.fields", "customers.pool_rules"}
"""Who the colleagues are, which fields a customer has, the rules of the pool: none opens a record."""
PAGES = {"system_admin": "/settings/plugins", "security_admin": "/settings/roles", "audit_admin": "/audit"}


@pytest.fixture
def granted(runtime):
    with runtime.database.system_session("test", write=False) as session:
        rows = session.execute(select(Role.code, RoleGrant.permission).join(RoleGrant, RoleGrant.role_id == Role.id))
        found = {}
        for code, permission in rows:
            found.setdefault(code, set()).add(permission)
    return found


def test_each_has_their_own_and_nobody_has_two(granted):
    for duty, own in DUTIES.items():
        assert own <= granted[duty]
        others = set().union(*(rights for other, rights in DUTIES.items() if other != duty))
        assert not granted[duty] & others
        for role, rights in granted.items():
            together = [name for name, theirs in DUTIES.items() if rights & theirs]
            assert len(together) <= 1, role


def test_none_of_them_sees_a_customer(granted, browser, factory):
    customer = factory.customer()
    for duty in DUTIES:
        assert {
            right for right in granted[duty] if right.startswith("customers.") or right.endswith(".view")
        } <= SEE_NO_CUSTOMER
        somebody = browser.sign_in(factory.user(duty))
        for path in ("/customers", f"/customers/{customer.id}"):
            assert somebody.get(path).status_code in {403, 404}


def test_each_opens_their_own_page_only(browser, factory):
    for duty in DUTIES:
        somebody = browser.sign_in(factory.user(duty))
        opened = {name for name, path in PAGES.items() if somebody.get(path).status_code == 200}
        assert opened == {duty}
