"""Opening one customer in an emergency: by right, with a reason and a proof, told at once, over by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers.forms import CustomerInput
from platform_core.customers.services import create
from platform_core.guard import emergencies
from platform_core.guard.models import Alert
from platform_core.kernel.clock import freeze, now
from platform_core.permissions import editing
from platform_core.permissions.models import Access, RoleGrant
from platform_core.users.models import Notification
from tests.core.users.conftest import account, person
from tests.core.users.keyring import PASSWORD, look, trail

__all__ = ["account", "person"]
REASON = "the owner is in hospital and the customer waits at the gate"
AT = "/settings/emergency"


@pytest.fixture
def office(runtime, person):
    """Somebody who sees their own customers alone, and may break the glass."""
    with runtime.database.system_session("a right that nobody has at first") as session:
        assert session.scalars(select(RoleGrant).where(RoleGrant.permission == "guard.emergency")).all() == []
        role = editing.create_role(session, None, editing.RoleInput(name="On duty", code="on_duty"))
        rights = dict.fromkeys(("customers.view", "customers.reveal", "customers.edit"), Scope.OWN)
        rights |= {"guard.emergency": Scope.ALL, "relay.view": Scope.OWN}
        editing.change_grants(session, None, runtime.manager, role.id, rights, version=role.version)
    return person("on_duty", name="Olga")


@pytest.fixture
def record(runtime, factory):
    """A customer of somebody else, with a number."""
    owner = factory.user("coordinator", factory.department("Sales"), name="Anna")
    actor = factory.actor(owner)
    with runtime.database.actor_session(actor) as session:
        return create(session, actor, CustomerInput(name="Acme", phone="13800138000"))


def form(record, **changes):
    return {"code": record.code, "reason": REASON, "password": PASSWORD, **changes}


def test_one_customer_for_half_an_hour_and_everybody_who_has_to_is_told(
    runtime, browser, factory, office, record, count_queries
):
    boss, guard = factory.user("management", name="Max"), factory.user("security_admin", name="Sam")
    page, url = office.page, f"/customers/{record.id}"
    assert page.get(url).status_code == 404
    with count_queries(at_most=12):
        assert "told at once" in page.get(AT).text
    assert page.post(AT, form(record, reason="urgent")).status_code == 422
    assert "not your password" in page.post(AT, form(record, password="wrong")).text
    assert look(runtime, select(Access)) == []
    opened = page.post(AT, form(record))
    assert (opened.status_code, opened.headers["location"]) == (303, url)
    shown = page.get(url)
    assert (shown.status_code, "Acme" in shown.text, "13800138000" in shown.text) == (200, True, False)
    assert page.post(f"{url}/points/{record.phone_point_id}/reveal").status_code == 200
    assert page.get(f"{url}/edit").status_code == 403
    assert page.post(f"{url}/delete").status_code == 403
    (alert,) = look(runtime, select(Alert))
    assert (alert.rule, alert.user_id, alert.customer_id) == ("emergency", office.user.id, record.id)
    told = {one.user_id: one.parameters for one in look(runtime, select(Notification))}
    assert {boss.id, guard.id, record.owner_id} <= set(told)
    assert office.user.id not in told
    assert told[record.owner_id]["reason"] == REASON
    assert "opened a customer outside of their reach" in browser.sign_in(guard).get("/settings/alerts").text
    behind = browser.sign_in(guard).get(f"/settings/alerts/{alert.id}").text
    assert "revealed a number" in behind
    assert "Opened in an emergency" in behind
    assert "opened it in an emergency" in browser.sign_in(boss).get(f"{url}/audience").text
    (line,) = trail(runtime, "guard.emergency")[-1:]
    assert (line.customer_id, line.reason, line.result) == (record.id, REASON, "ok")
    with freeze(now() + timedelta(minutes=29)):
        assert page.get(url).status_code == 200
    with freeze(now() + timedelta(minutes=31)):
        assert office.browser.sign_in(office.user).get(url).status_code == 404


def test_it_is_ended_before_its_time_and_alerts_anew_the_next_time(runtime, factory, office, record):
    page, url = office.page, f"/customers/{record.id}"
    page.post(AT, form(record))
    (access,) = look(runtime, select(Access))
    assert factory.read(Access, access.id).may_write is False
    assert "Acme" in page.get(AT).text
    assert page.post(f"{AT}/{access.id}/end").status_code == 303
    assert page.get(url).status_code == 404
    assert page.post(f"{AT}/{access.id}/end").status_code == 404
    page.post(AT, form(record))
    assert page.get(url).status_code == 200
    assert len(look(runtime, select(Alert))) == 2


def test_wrong_codes_are_written_down_slowed_down_and_say_nothing(runtime, office, record):
    answers = [office.page.post(AT, form(record, code=f"C-{number}")) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert ["no customer with this code" in answer.text for answer in answers] == [True] * 5 + [False]
    assert "Too many attempts" in office.page.post(AT, form(record)).text, "the right one is slowed down as well"
    failed = look(runtime, select(AuditEntry).where(AuditEntry.action == "guard.emergency"))
    assert [entry.result for entry in failed] == ["failed"] * 5
    assert look(runtime, select(Access)) == []


def test_only_those_with_the_right_who_see_customers_at_all_and_few_times_a_day(
    runtime, browser, factory, person, office, record, monkeypatch
):
    boss = person("management")
    assert boss.page.get(AT).status_code == 403
    assert boss.page.post(AT, form(record)).status_code == 403
    assert browser.token(office.user).post(AT, form(record)).status_code == 403, "programs have no emergencies"
    with runtime.database.system_session("the right alone") as session:
        role = editing.create_role(session, None, editing.RoleInput(name="Blind", code="blind"))
        editing.change_grants(
            session, None, runtime.manager, role.id, {"guard.emergency": Scope.ALL}, version=role.version
        )
    assert person("blind").page.post(AT, form(record)).status_code == 403
    own = factory.customer(office.user)
    assert office.page.post(AT, form(own)).status_code == 303, "what one sees anyway opens nothing"
    assert look(runtime, select(Alert)) == []
    monkeypatch.setattr(emergencies, "MOST", 0)
    assert office.page.post(AT, form(record)).status_code == 409
    assert look(runtime, select(Access)) == []
