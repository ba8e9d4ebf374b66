"""One text to many customers: who gets what and why not, a second person's yes, and none lost or doubled."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from baton_plugins.sms import drivers
from baton_plugins.sms.campaigns import queries, services
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from sqlalchemy import select

from platform_core.api import at_local, now, today
from platform_core.api.messages import OutboxAccount, OutboxMessage, establish_account
from platform_core.audit.models import AuditEntry
from platform_core.customers import points
from platform_core.customers.models import Customer
from platform_core.kernel.clock import freeze
from platform_core.outbox.models import Exclusion
from platform_core.privacy import consent

TEXT = "{contact}您好，新课优惠。拒收请回复R"


@dataclass
class Fair:
    """Customers of whom each one but two has something against it, by what that is."""

    shop: Any
    customers: dict[str, Customer]

    @property
    def ids(self) -> list[str]:
        return [str(customer.id) for customer in self.customers.values()]

    def campaign(self) -> Campaign:
        with self.shop.runtime.database.system_session("test", write=False) as session:
            return session.scalars(select(Campaign)).one()

    def lines(self) -> dict[str, tuple[str, str]]:
        names = {customer.id: name for name, customer in self.customers.items()}
        with self.shop.runtime.database.system_session("test", write=False) as session:
            rows = session.scalars(select(CampaignLine))
            return {names[row.customer_id]: (row.state, row.why) for row in rows}

    def messages(self) -> list[OutboxMessage]:
        with self.shop.runtime.database.system_session("test", write=False) as session:
            return list(session.scalars(select(OutboxMessage)))

    def expand(self) -> bool:
        return self.shop.runtime.jobs.run(self.campaign().job_id)


NUMBERS = {
    "a good": "13800000001", "b also good": "13800000002", "c same number": "13800000001", "d fixed line": "02152345678",
    "e no consent": "13800000005", "f opted out": "13800000006", "g excluded": "13800000007", "h abroad": "+447911123456",
    "i restricted": "13800000009", "j nameless": "13800000010",
}  # fmt: skip
WHY = {
    "c same number": "duplicate", "d fixed line": "no_number", "e no consent": "no_consent", "f opted out": "opted_out",
    "g excluded": "excluded", "i restricted": "restricted", "j nameless": "empty", "k no number": "no_number",
}  # fmt: skip


@pytest.fixture
def fair(shop, factory):
    found = {name: factory.customer(shop.user, name=name) for name in [*NUMBERS, "k no number"]}
    with shop.runtime.database.system_session("test") as session:
        for name, number in NUMBERS.items():
            customer = session.get(Customer, found[name].id)
            customer.contact_name = "" if name == "j nameless" else f"Contact of {name}"
            point = points.add(session, customer_id=customer.id, kind="mobile", text=number)
            session.flush()
            customer.phone_point_id = point.id
            if name != "e no consent":
                given = {"channel": "sms", "purpose": "marketing", "given": True, "source": "form", "at": now()}
                session.add(consent.Consent(id=customer.id, customer_id=customer.id, **given))
        consent.opt_out(session, "sms", "+8613800000006", note="test")
        blank = shop.runtime.vault.encrypt("a death in the family")
        session.add(Exclusion(id=found["g excluded"].id, customer_id=found["g excluded"].id, reason=blank))
        session.get(Customer, found["i restricted"].id).restricted_at = now()
    return Fair(shop, found)


def given(**changes) -> dict[str, str]:
    return {"name": "New course", "text": TEXT, "purpose": "marketing", "template_id": "", "not_before": "", **changes}


def test_from_a_selection_to_the_report(fair, browser, factory, count_queries, monkeypatch) -> None:
    page = browser.sign_in(fair.shop.user)
    assert 'formaction="/sms/campaigns"' in page.get("/customers").text
    fair.customers["l of others"] = factory.customer(factory.user("coordinator"))
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    assert page.get(f"{url}/left").status_code == 409
    refused = page.post(f"{url}/choose", given(text="{price}", name=""))
    assert (refused.status_code, "Please fill this in." in refused.text) == (422, True)
    assert "has to end with" not in refused.text
    assert page.post(f"{url}/choose", given()).status_code == 303
    seen = fair.campaign()
    assert seen.preview["left"] == Counter([*WHY.values(), "no_number"]), "and somebody else's has none"
    assert (seen.total, seen.preview["going"], seen.preview["cents"]) == (len(fair.ids), 3, 15)
    with count_queries(at_most=12):
        shown = page.get(url).text
    assert "Contact of a good您好，新课优惠。拒收请回复R" in shown
    assert "13800000001" not in shown
    with count_queries(at_most=12):
        left = page.get(f"{url}/left?why=excluded").text
    assert "g excluded" in left
    assert "e no consent" not in left
    assert "a death" not in left
    with monkeypatch.context() as looking:
        looking.setattr(queries, "_LOOKED", 1)
        assert "c same number" in page.get(f"{url}/left?why=duplicate&after=2").text, "of a number pages before"
    assert fair.messages() == [], "looking sends nothing"
    assert page.post(f"{url}/submit", {"version": "0"}).status_code == 409
    assert page.post(f"{url}/submit", {"version": str(seen.version)}).status_code == 303
    assert page.post(f"{url}/submit", {"version": str(seen.version)}).status_code == 409, "twice is once"
    assert fair.expand()
    assert {name: why for name, (state, why) in fair.lines().items() if state == "left"} == {
        **WHY,
        "l of others": "no_number",
    }
    zones = {message.mask: message.zone for message in fair.messages()}
    assert sorted(zones.values()) == ["Asia/Shanghai", "Asia/Shanghai", "Europe/Guernsey"], (
        "first of those on its clock"
    )
    with freeze(at_local(today() + timedelta(days=1), 23)):
        assert fair.shop.runtime.outbox.work("bulk") == 1, "it is afternoon in London alone"
    assert {message.reason for message in fair.messages() if message.zone == "Asia/Shanghai"} == {"window"}


@pytest.mark.any_database
def test_more_than_some_need_a_second_person(fair, browser, factory, runtime, monkeypatch) -> None:
    monkeypatch.setattr(services, "APPROVE_ABOVE", _above(1))
    author, second = factory.user("office", name="Wang Fang"), factory.user("management", name="Chen Jie")
    page = browser.sign_in(author)
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    page.post(f"{url}/choose", given())
    assert "approval of a second person" in page.get(url).text
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    assert fair.campaign().state == "waiting"
    assert page.post(f"{url}/decide", {"verdict": "yes"}).status_code == 403
    boss = browser.sign_in(second)
    assert "asks you to approve" in boss.get("/notifications").text
    assert "Contact of a good您好" in boss.get(url).text
    assert boss.post(f"{url}/decide", {"verdict": "no", "reason": ""}).status_code == 422
    boss.post(f"{url}/decide", {"verdict": "no", "reason": "Too late in the year"})
    page = browser.sign_in(author)
    assert "Too late in the year" in page.get(url).text
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    assert page.post(f"{url}/withdraw", {}).status_code == 303
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    browser.sign_in(second).post(f"{url}/decide", {"verdict": "yes"})
    assert fair.expand()
    assert len(fair.messages()) == 3
    own = factory.user("management")
    with runtime.database.actor_session(factory.actor(own)) as session:
        mine = services.get(session, fair.campaign().id)
        mine.by_id, mine.state = own.id, "waiting"
    assert browser.sign_in(own).post(f"{url}/decide", {"verdict": "yes"}).status_code == 403, (
        "nobody approves their own"
    )


def _above(number: int):
    return replace(services.APPROVE_ABOVE, default=number)


class Killed(BaseException):
    """As a SIGKILL: nothing of the slice that runs is written."""


def test_killed_half_way_none_is_lost_and_none_doubled(fair, browser, runtime, monkeypatch) -> None:
    monkeypatch.setattr(services, "SLICE", 3)
    page = browser.sign_in(fair.shop.user)
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    page.post(f"{url}/choose", given())
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    calls, send = [0], services.send_messages

    def killed(*arguments):
        made = send(*arguments)
        calls[0] += 1
        if calls[0] == 2:
            raise Killed
        return made

    monkeypatch.setattr(services, "send_messages", killed)
    with pytest.raises(Killed):
        fair.expand()
    assert (fair.campaign().state, len(fair.messages())) == ("running", 2)
    monkeypatch.setattr(services, "send_messages", send)
    page.post(f"{url}/pause", {})
    assert {message.state for message in fair.messages()} == {"paused"}
    assert not _stands(fair), "a paused one stands still"
    page.post(f"{url}/resume", {})
    assert fair.expand()
    keys = Counter(message.key for message in fair.messages())
    assert (len(keys), set(keys.values()), fair.campaign().state) == (3, {1}, "done")
    assert (fair.campaign().queued, fair.campaign().left_out) == (3, len(WHY))
    report = page.get(url).text
    linked = re.findall(r"\?state=queued\">(\d+)</a>", report)
    assert linked == ["3"]
    rows = page.get(f"{url}?state=left&why=excluded").text
    assert ("g excluded" in rows, "a good" in rows) == (True, False)
    page.post(f"{url}/cancel", {})
    assert {message.state for message in fair.messages()} == {"cancelled"}
    with runtime.database.system_session("test", write=False) as session:
        verbs = set(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("sms.campaign"))))
    assert {f"sms.campaign_{verb}" for verb in ("draft", "preview", "submit", "send", "pause", "cancel")} <= verbs


def _stands(fair: Fair) -> bool:
    before = len(fair.messages())
    fair.expand()
    return len(fair.messages()) != before


@pytest.mark.any_database
def test_what_the_sender_may_no_longer_see_is_left_out_unread(fair, browser, factory, runtime) -> None:
    head = factory.user("department_head")
    with runtime.database.system_session("test") as session:
        for name in ("a good", "b also good"):
            session.get(Customer, fair.customers[name].id).owner_id = head.id
    page = browser.sign_in(head)
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    page.post(f"{url}/choose", given())
    assert (fair.campaign().total, fair.campaign().preview["going"]) == (2, 2)
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    with runtime.database.system_session("test") as session:
        session.get(Customer, fair.customers["b also good"].id).owner_id = fair.shop.user.id
    fair.expand()
    assert fair.lines() == {"a good": ("queued", ""), "b also good": ("left", "hidden")}
    assert "b also good" not in page.get(url).text
    assert browser.sign_in(factory.user("department_head")).get(url).status_code == 404
    assert browser.sign_in(factory.user("coordinator")).post("/sms/campaigns", {"ids": fair.ids}).status_code == 403


@pytest.mark.any_database
def test_a_saved_view_is_an_audience_of_whoever_may_use_it(fair, browser, factory, runtime, count_queries) -> None:
    with runtime.database.system_session("test") as session:
        for name in ("a good", "e no consent"):
            session.get(Customer, fair.customers[name].id).grade = "B"
    page = browser.sign_in(fair.shop.user)
    view = {"list": "customers", "state": "f=grade:is:B", "name": "Grade B of mine", "reach": "private"}
    kept = page.post("/views", view).headers["location"].rpartition("?")[2]
    assert f'<option value="{kept}">View: Grade B of mine</option>' in page.get("/sms/campaigns").text
    url = page.post("/sms/campaigns", {"whole": "1", "state": kept}).headers["location"]
    assert set(fair.lines()) == {"a good", "e no consent"}
    with count_queries(at_most=12):
        assert "Conditions: Grade is B" in page.get(url).text
    page.post(f"{url}/choose", given())
    assert (fair.campaign().preview["going"], fair.campaign().preview["left"]) == (1, {"no_consent": 1})
    with runtime.database.system_session("test") as session:
        session.get(Customer, fair.customers["b also good"].id).grade = "B"
    page.post(f"{url}/submit", {"version": str(fair.campaign().version)})
    fair.expand()
    assert fair.lines() == {"a good": ("queued", ""), "e no consent": ("left", "no_consent")}, "as it was looked at"
    stranger = browser.sign_in(factory.user("management"))
    assert "Grade B of mine" not in stranger.get("/sms/campaigns").text
    assert stranger.post("/sms/campaigns", {"whole": "1", "state": kept}).status_code in {404, 422}


@pytest.mark.any_database
def test_who_is_written_to_by_a_provider_of_approved_texts_is_named(fair, browser, runtime) -> None:
    """At home anything goes; the account for the rest of the world takes templates only."""
    with runtime.database.system_session("test") as session:
        session.get(OutboxAccount, fair.shop.account_id).serves = ["marketing.cn"]
        away = establish_account(session, drivers.TRIAL, "away", {"file": ""})
        away.driver, away.serves = "sms.aliyun", ["marketing.abroad"]
        config = {"key": "k", "secret": "s", "signature": "启衡咨询"}
        away.config = runtime.vault.encrypt_bytes(msgspec.json.encode(config))
    page = browser.sign_in(fair.shop.user)
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    assert page.post(f"{url}/choose", given()).status_code == 303
    seen = fair.campaign()
    assert (seen.preview["going"], seen.preview["left"]["template"]) == (2, 1)
    left = page.get(f"{url}/left?why=template").text
    assert ("h abroad" in left, "a good" in left) == (True, False)
    page.post(f"{url}/submit", {"version": str(seen.version)})
    assert fair.expand()
    assert fair.lines()["h abroad"] == ("left", "template")
    with runtime.database.system_session("test") as session:
        session.get(OutboxAccount, fair.shop.account_id).enabled = False
    url = page.post("/sms/campaigns", {"ids": fair.ids}).headers["location"]
    refused = page.post(f"{url}/choose", given())
    assert (refused.status_code, "approved templates only" in refused.text) == (422, True), "nobody would get it"


@pytest.mark.any_database
def test_programs_send_to_a_group_at_a_time(fair, browser, runtime) -> None:
    program = browser.token(fair.shop.user)
    group = program.post("/api/v1/groups", json={"name": "Course 7", "conditions": None}).json()["id"]
    program.post(f"/api/v1/groups/{group}/members", json={"customer_ids": fair.ids})
    made = program.post("/api/v1/sms/campaigns", json={"conditions": ["grade:is:B", "/", f"group:is:{group}"]}).json()
    assert made["total"] == len(fair.ids)
    shown = browser.sign_in(fair.shop.user).get(f"/sms/campaigns/{made['id']}").text
    assert re.search(r"Conditions: Grade is B[^,]* or Group is Course 7<", shown)
    starts = (now() + timedelta(days=2)).isoformat()
    seen = program.request("PUT", f"/api/v1/sms/campaigns/{made['id']}", json={**_bare(), "not_before": starts}).json()
    assert (seen["going"], seen["left"]["duplicate"]) == (3, 1)
    url = f"/api/v1/sms/campaigns/{made['id']}"
    assert program.post(f"{url}/submit", json={"version": seen["version"]}).json()["state"] == "running"
    fair.expand()
    assert program.get(url).json()["results"] == {"queued": 3, "left": len(WHY)}
    waits = [message.next_at - now() > timedelta(days=1) for message in fair.messages()]
    assert waits == [True] * 3
    found = program.get(f"{url}/recipients?limit=2&result=left").json()
    assert [item["reason"] for item in found["items"]] == ["duplicate", "no_number"]
    more = program.get(f"{url}/recipients?result=left&cursor={found['next_cursor']}").json()
    assert len(more["items"]) == len(WHY) - 2
    assert program.get("/api/v1/sms/campaigns").json()["items"][0]["id"] == str(UUID(made["id"]))


def _bare() -> dict[str, str]:
    return {"name": "Course 7", "text": TEXT, "purpose": "marketing"}
