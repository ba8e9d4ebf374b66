"""What a preview promises is what the sender does: for any customers, numbers, words and texts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

from baton_plugins.sms.campaigns import judging, queries, services
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.api import Contact, at_local, new_id, now, today
from platform_core.api.messages import OutboxAccount, OutboxMessage, message_text
from platform_core.customers import points
from platform_core.customers.models import Customer
from platform_core.kernel.clock import freeze
from platform_core.outbox.models import Exclusion
from platform_core.privacy import consent

END = "拒收请回复R"
BODIES = ["{contact}您好。" + END, "{customer} " * 9 + END, "新课优惠。" + END, "{customer}{contact}" + "好" * 60 + END]
NUMBERS = {"cn": "138{:08}", "abroad": "+447911{:06}", "fixed": "021523{:05}"}
_series = count()


FLAWS: dict[str, dict[str, Any]] = {
    "fixed": {"main": "fixed"}, "fixed, and a mobile": {"main": "fixed", "other": "cn"}, "no number": {"main": None},
    "never asked": {"words": []}, "said no": {"words": [False]}, "took it back": {"words": [True, False]},
    "opted out": {"opted_out": True}, "left alone": {"excluded": timedelta(days=9)},
    "left alone until then": {"excluded": timedelta(days=-1)}, "contact left alone": {"contact": {}, "alone": ("", 9)},
    "contact left alone until then": {"contact": {}, "alone": ("", -1)},
    "contact left alone on its birthday": {"contact": {}, "alone": ("birthday", 9)}, "restricted": {"state": {"restricted_at": now()}},
    "binned": {"state": {"deleted_at": now()}}, "of others": {"mine": False},
    "contact gone": {"contact": {"deleted_at": now()}}, "contact restricted": {"contact": {"restricted_at": now()}},
}  # fmt: skip


PLAIN: dict[str, Any] = {
    "name": "Li", "kind": "person", "contact_name": "Wang", "number": 0, "main": "cn", "other": None, "contact": None,
    "words": [True], "opted_out": False, "excluded": None, "alone": None, "state": {}, "mine": True,
}  # fmt: skip
NAMELESS = {**PLAIN, "kind": "organisation", "contact_name": "", "number": 1}
EVERY = [PLAIN, PLAIN, NAMELESS, {**PLAIN, "name": "x" * 60, "number": 2}]
EVERY += [{**PLAIN, "number": at, **flaw} for at, flaw in enumerate(FLAWS.values(), 3)]


@st.composite
def people(draw: Any) -> dict[str, Any]:
    """A customer with at most two things against it."""
    found = {
        **PLAIN,
        "name": draw(st.sampled_from(["Li", "王小明", "x" * 60, "😀"])),
        "kind": draw(st.sampled_from(["person", "organisation"])),
        "contact_name": draw(st.sampled_from(["", "Wang", "好" * 40])),
        "number": draw(st.integers(0, 6)),
        "main": draw(st.sampled_from(["cn", "cn", "abroad"])),
        "contact": draw(st.sampled_from([None, {}])),
    }
    for flaw in draw(st.lists(st.sampled_from(["", "", *FLAWS]), max_size=2)):
        found.update(FLAWS.get(flaw, {}))
    return found


def _customer(session: Any, given: dict[str, Any], owners: Any, base: int) -> Customer:
    owner = owners[0] if given["mine"] else owners[1]
    customer = Customer(
        id=new_id(), code=new_id().hex[-20:], name=given["name"], kind=given["kind"], owner_id=owner.id,
        contact_name=given["contact_name"], department_id=owner.department_id, **given["state"],
    )  # fmt: skip
    session.add(customer)
    session.flush()
    contact_id = None
    if given["contact"] is not None:
        contact = Contact(id=new_id(), name="Zhao", customer_id=customer.id, **given["contact"])
        session.add(contact)
        session.flush()
        contact_id = contact.id
    for role in ("main", "other"):
        if given[role] is None:
            continue
        text = NUMBERS[given[role]].format(base + given["number"] + (3 if role == "other" else 0))
        point = points.add(session, customer_id=customer.id, contact_id=contact_id, kind="mobile", text=text)
        session.flush()
        if role == "main":
            customer.phone_point_id = point.id
            if given["opted_out"]:
                consent.opt_out(session, "sms", text, note="test")
    who = {"contact_id": contact_id} if contact_id else {"customer_id": customer.id}
    for at, yes in enumerate(given["words"]):
        told = {"channel": "sms", "purpose": "marketing", "given": yes, "source": "form"}
        session.add(consent.Consent(id=new_id(), at=now() + timedelta(seconds=at - 9), **told, **who))
    if given["excluded"] is not None:
        until = now() + given["excluded"]
        session.add(Exclusion(id=new_id(), customer_id=customer.id, until=until, reason=b""))
    if given["alone"] is not None and contact_id:
        occasion, days = given["alone"]
        until = now() + timedelta(days=days)
        session.add(Exclusion(id=new_id(), contact_id=contact_id, occasion=occasion, until=until, reason=b""))
    return customer


def test_what_is_promised_is_what_is_sent(shop, factory, runtime, monkeypatch) -> None:
    monkeypatch.setattr(services, "SLICE", 3)
    head = factory.user("department_head", name="Li Na")
    actor, seen = factory.actor(head), Counter[str]()
    with runtime.database.system_session("test") as session:
        account = session.scalars(select(OutboxAccount)).one()
        account.per_second, account.tokens = 100_000, 100_000.0

    @example(EVERY)
    @example(EVERY)
    @example(EVERY)
    @example(EVERY)  # once with each text
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(people(), min_size=4, max_size=12))
    def same(whom: list[dict[str, Any]]) -> None:
        turn = next(_series)  # its own numbers, since nobody is written to more often than a provider allows
        campaign_id, base, body = new_id(), turn * 30, BODIES[turn % len(BODIES)]
        with runtime.database.system_session("test") as session:
            customers = [_customer(session, one, (head, shop.user), base) for one in whom]
            session.add(Campaign(id=campaign_id, name="x", by_id=head.id, by_label=head.name, total=len(whom)))
            session.flush()
            for number, customer in enumerate(customers, 1):
                session.add(CampaignLine(campaign_id=campaign_id, number=number, customer_id=customer.id))
        data = services.CampaignInput(name="x", text=body, purpose="marketing")
        with runtime.database.actor_session(actor) as session:
            promised = services.choose(session, actor, campaign_id, data).preview
            shown = {row.number: row.rendered.text for row in queries.samples(session, actor, campaign(session))}
            told = Counter(row.why for row in judging.Judge(session, actor, campaign(session)).judged(0, 100))
        assert {why: number for why, number in told.items() if why} == promised["left"]
        if promised["going"]:
            with runtime.database.actor_session(actor) as session:
                job = services.submit(session, actor, campaign_id).job_id
            runtime.jobs.run(job)
            for hour in (10, 19):  # of a day here, and of one in Europe
                with freeze(at_local(today() + timedelta(days=1), hour)):
                    runtime.outbox.work("bulk")
        _compare(promised, shown, campaign_id)
        seen.update(promised["left"], sent=promised["going"])

    def campaign(session: Any) -> Campaign:
        return session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(1)).one()

    def _compare(promised: dict[str, Any], shown: dict[int, str], campaign_id: Any) -> None:
        with runtime.database.system_session("test", write=False) as session:
            lines = session.scalars(select(CampaignLine).where(CampaignLine.campaign_id == campaign_id)).all()
            messages = {m.id: m for m in session.scalars(select(OutboxMessage).filter_by(batch_id=campaign_id))}
            if promised["going"]:
                assert Counter(line.why for line in lines if line.state == "left") == promised["left"]
            sent = {line.number: messages[line.message_id] for line in lines if line.state == "queued"}
            assert {message.state for message in sent.values()} <= {"sent"}
            parts = [message.parts for message in sent.values()]
            assert (len(sent), sum(parts), max(parts, default=0)) == tuple(
                promised[name] for name in ("going", "parts", "longest")
            )
            assert promised["cents"] == 5 * sum(parts)
            assert shown == {number: message_text(session, sent[number].content) for number in promised["samples"]}

    same()
    assert {"sent", "hidden", "restricted", "no_number", "no_consent", "withdrawn", "opted_out"} <= set(seen)
    assert {"excluded", "duplicate", "empty", "text"} <= set(seen)
