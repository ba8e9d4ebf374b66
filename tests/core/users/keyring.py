"""People with keys, as tests of signing in need them."""

from __future__ import annotations

import html
import re

from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.permissions import signinrules
from platform_core.permissions.models import Role
from platform_core.permissions.signinrules import RuleInput
from platform_core.testing.browser import Browser
from platform_core.users.models import SignInSession

PASSWORD = "correct horse battery"
ENGLISH = {"Accept-Language": "en"}


class Person:
    """An account with the windows and keys of its owner."""

    def __init__(self, runtime, browser, user):
        self.runtime, self.browser, self.user = runtime, browser, user
        self.page = browser.sign_in(user)

    def add(self, key, kind="key"):
        options = options_of(self.page.get("/me/keys"), "create", kind)
        return self.page.post("/me/keys", {"credential": key.create(options), "name": "the blue one", "kind": kind})

    def password(self, **options):
        form = {"login": self.user.login, "password": PASSWORD, "next": "/"}
        return self.browser.post("/login", form, headers=ENGLISH, **options)

    def both(self, key, **changes):
        """Password, then the key; the answer of the second step."""
        first = self.password()
        assert first.status_code == 200, first.text
        answer = key.get(options_of(first, "get"), **changes)
        return self.second(first, credential=answer)

    def second(self, first, **fields):
        form = {"pass_on": hidden(first, "pass_on"), "next": "/", **fields}
        return self.browser.post("/login/key", form, headers=ENGLISH)

    def inside(self, response):
        assert response.status_code == 303, response.text
        cookie = next(
            part
            for part in response.headers.get_list("set-cookie")
            if part.startswith("baton=") and "Max-Age=0" not in part
        )
        found = Browser(self.runtime, self.browser._client, cookie.partition(";")[0])
        with self.runtime.database.system_session("look", write=False) as session:
            place = session.scalars(select(SignInSession).order_by(SignInSession.id.desc())).first()
        found.csrf = self.runtime.vault.sign("csrf", str(place.id))
        return found


def hidden(response, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', response.text)[1])


def options_of(response, kind, value=""):
    where = (
        rf'value="{value}" data-options="([^"]*)"' if value else rf'data-webauthn="{kind}"[^>]*data-options="([^"]*)"'
    )
    found = re.search(where, response.text)
    assert found, response.text
    return html.unescape(found[1])


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def trail(runtime, action):
    return look(runtime, select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))


def demand(runtime, factory, code, wanted, *, grace=0):
    admin = factory.actor(factory.user(role="security_admin"))
    with runtime.database.system_session("test") as session:
        role = session.scalars(select(Role).where(Role.code == code)).one()
        signinrules.decide(session, admin, role.id, RuleInput(demand=wanted, grace_days=grace))
