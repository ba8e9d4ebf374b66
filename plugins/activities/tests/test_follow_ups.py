from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from baton_plugins.activities import services
from baton_plugins.activities.forms import FollowUpEdit
from baton_plugins.activities.models import FollowUpRevision, Plan
from sqlalchemy import select

from platform_core.api import (
    Attachment,
    Conflict,
    Contact,
    Forbidden,
    Invalid,
    NotFound,
    at_local,
    local,
    next_weekday,
    now,
    store_attachment,
    today,
)
from platform_core.audit.models import AuditEntry
from platform_core.customers.models import StatusChange
from platform_core.kernel import events


def audited(house, action):
    with house.runtime.database.system_session("test", write=False) as session:
        return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def test_one_click_sets_status_and_next_plan(house):
    follow_up = house.log("collector", outcome="considering")
    customer, plan = house.now(), house.read_plan(follow_up.next_plan_id)
    assert (follow_up.old_status, follow_up.new_status, customer.status) == ("new", "considering", "considering")
    assert local(plan.due_at).date() == next_weekday(today(), 0)
    assert plan.all_day
    assert (plan.assignee_id, plan.cause, plan.state) == (house.people["collector"].id, "follow_up", "open")
    assert customer.next_plan_at == plan.due_at
    assert customer.last_contact_at == follow_up.at
    assert follow_up.unplanned
    with house.runtime.database.system_session("test", write=False) as session:
        change = session.scalars(select(StatusChange)).one()
    assert (change.old, change.new, change.cause) == ("new", "considering", "activities.follow_up")


def test_outcome_without_a_status_leaves_it_alone(house):
    follow_up = house.log("collector", outcome="no_answer")
    assert follow_up.new_status == ""
    assert house.now().status == "new"
    assert local(follow_up.next_due_at).date() == today() + timedelta(days=1)


def test_refusal_ends_the_plans(house):
    follow_up = house.log("collector", outcome="refused")
    assert (house.now().status, follow_up.next_plan_id, house.now().next_plan_at) == ("dormant", None, None)


def test_what_is_chosen_beats_what_the_outcome_says(house):
    day = today() + timedelta(days=9)
    follow_up = house.log(
        "collector", outcome="refused", status="following", next="date", next_on=day, next_time="09:30",
        next_subject="Send the offer", next_kind="mail",
    )  # fmt: skip
    plan = house.read_plan(follow_up.next_plan_id)
    assert house.now().status == "following"
    assert (plan.due_at, plan.all_day, plan.subject, plan.kind) == (
        at_local(day, 9, 30),
        False,
        "Send the offer",
        "mail",
    )


def test_a_note_is_no_contact(house):
    house.log("collector", kind="note")
    assert house.now().last_contact_at is None


def test_an_older_contact_written_late_does_not_turn_back_the_last_one(house):
    first = house.log("collector")
    house.log("collector", at=now() - timedelta(days=3))
    assert house.now().last_contact_at == first.at


def test_a_time_without_a_zone_is_the_houses(house):
    yesterday = today() - timedelta(days=1)
    follow_up = house.log("collector", at=datetime(yesterday.year, yesterday.month, yesterday.day, 15, 20))  # noqa: DTZ001
    assert follow_up.at == at_local(yesterday, 15, 20)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("body", {"body": " \n "}),
        ("next_on", {"next": "date"}),
        ("next_on", {"next_on": today() - timedelta(days=1)}),
        ("outcome", {"outcome": "sold_out"}),
        ("status", {"status": "sold_out"}),
        ("kind", {"kind": "telegram"}),
        ("next_kind", {"next": "1d", "next_kind": "telegram"}),
        ("at", {"at": now() + timedelta(days=1)}),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(house, field, values):
    with pytest.raises(Invalid) as refusal:
        house.log("collector", **values)
    assert list(refusal.value.fields) == [field]
    assert house.bodies("collector") == []


def test_a_contact_must_be_the_customers(house, factory):
    contact = Contact(customer_id=house.customer.id, name="Zhang Haitao")
    other = Contact(customer_id=factory.customer(house.people["collector"]).id, name="Somebody")
    factory.add(contact, other)
    assert house.log("collector", contact_id=contact.id).contact_label == "Zhang Haitao"
    with pytest.raises(Invalid) as refusal:
        house.log("collector", contact_id=other.id)
    assert list(refusal.value.fields) == ["contact_id"]


def test_important_customers_are_not_left_alone_without_a_reason(house, factory):
    house.customer = factory.customer(house.people["collector"], grade="A")
    with pytest.raises(Invalid) as refusal:
        house.log("collector", outcome="refused")
    assert list(refusal.value.fields) == ["reason"]
    assert house.log("collector", outcome="refused", reason="Went out of business").reason == "Went out of business"
    house.plan("collector")
    assert house.log("collector").reason == "", "a plan of somebody is enough"


def test_answering_a_plan_finishes_it(house):
    plan = house.plan("collector")
    follow_up = house.log("collector", plan_id=plan.id)
    done = house.read_plan(plan.id)
    assert (done.state, done.follow_up_id, follow_up.unplanned) == ("done", follow_up.id, False)
    assert house.now().next_plan_at is None
    with pytest.raises(Conflict, match="Carol has already"):
        house.log("collector", plan_id=plan.id)


def test_a_plan_of_another_customer_is_refused(house, factory):
    plan = house.plan("collector")
    house.customer = factory.customer(house.people["collector"])
    with pytest.raises(Invalid):
        house.log("collector", plan_id=plan.id)
    assert house.read_plan(plan.id).state == "open"


def test_it_is_audited_without_its_text_and_announced_without_names(house):
    heard = []
    source = list(events._source)
    from platform_core.api import Listener

    events.listen_through(lambda: [Listener("activities.followed_up", lambda _session, event: heard.append(event))])
    try:
        follow_up = house.log("collector", "Their budget is 38,000.", outcome="interested")
    finally:
        events._source[:] = source
    (line,) = audited(house, "activities.follow_up")
    assert (line.customer_id, line.entity_id, line.actor_label) == (house.customer.id, follow_up.id, "Carol")
    assert line.after["status"] == "interested"
    assert "38,000" not in str(line.after)
    (event,) = heard
    assert (event.ref.id, event.customer_id) == (follow_up.id, house.customer.id)
    assert event.data["outcome"] == "interested"
    assert "Carol" not in str(event)


def test_whoever_may_only_read_does_not_write(house):
    with pytest.raises(Forbidden):
        house.log("finance")


def test_a_stranger_finds_no_customer(house):
    with pytest.raises(NotFound):
        house.log("trainer")


def edit(house, name, follow_up, body, **fields):
    with house.as_(name) as (session, actor):
        data = FollowUpEdit(body=body, **{"version": follow_up.version, **fields})
        return services.edit_follow_up(session, actor, follow_up.id, data)


def test_a_correction_keeps_the_earlier_texts(house):
    follow_up = house.log("collector", "Four people.")
    follow_up = edit(house, "collector", follow_up, "Five people.")
    edit(house, "collect_head", follow_up, "Six people.", kind="visit")
    with house.as_("collector") as (session, _actor):
        kept = session.scalars(select(FollowUpRevision).order_by(FollowUpRevision.id)).all()
    assert [(row.body, row.by_label) for row in kept] == [("Four people.", "Carol"), ("Five people.", "Carol")]
    assert house.bodies("collector") == ["Six people."]
    assert len(audited(house, "activities.edit_follow_up")) == 2


def test_saving_the_same_text_is_no_correction(house):
    follow_up = house.log("collector", "Four people.")
    assert edit(house, "collector", follow_up, "Four people.").edited_at is None


def test_only_the_author_and_the_heads_correct(house):
    house.customer = house.factory.customer(house.people["collector"], team_id=None)
    follow_up = house.log("collector")
    with pytest.raises(NotFound):
        edit(house, "other_collector", follow_up, "Not mine.")
    with pytest.raises(Forbidden):
        edit(house, "finance", follow_up, "Not mine.")
    edit(house, "manager", follow_up, "The manager's.")


def test_a_correction_of_a_text_that_changed_meanwhile_is_refused(house):
    follow_up = house.log("collector", "Four people.")
    stale = follow_up.version
    edit(house, "collector", follow_up, "Five people.")
    with pytest.raises(Conflict):
        edit(house, "collect_head", follow_up, "Six people.", version=stale)


def test_the_next_plan_is_the_earliest_of_everybodys(house):
    house.log("collector", next="3d")
    soon = house.plan("collect_head", on=today() + timedelta(days=1))
    assert house.now().next_plan_at == soon.due_at
    house.finish("collect_head", soon.id)
    assert local(house.now().next_plan_at).date() == today() + timedelta(days=3)
    with house.as_("collector") as (session, _actor):
        assert len(session.scalars(select(Plan).where(Plan.state == "open")).all()) == 1


class TestFiles:
    PDF = b"%PDF-1.7\n%%EOF\n"

    def send(self, collector, house, name="offer.pdf", content=PDF, **fields):
        typed = {"customer_id": str(house.customer.id), "body": "They sent their numbers.", **fields}
        return collector.post("/follow-ups", typed, files={"files": (name, content)})

    def test_they_go_with_the_follow_up_and_are_read_by_whoever_reads_it(self, house, browser):
        engagement_id = house.open()
        collector = browser.sign_in(house.people["collector"])
        assert self.send(collector, house, engagement_id=str(engagement_id)).status_code == 303
        page = collector.get(f"/customers/{house.customer.id}").text
        link = re.search(rf'href="(/customers/{house.customer.id}/files/[0-9a-f-]+)"[^>]*>.*?offer\.pdf', page)
        assert collector.get(link[1]).content == self.PDF
        (written,) = collector.get(f"/api/v1/follow-ups?customer_id={house.customer.id}").json()["items"]
        assert [file["name"] for file in written["files"]] == ["offer.pdf"]
        stranger = browser.sign_in(house.people["agent"])
        assert stranger.get(link[1]).status_code == 404
        house.pass_on("collector", "trainer", engagement_id)
        assert browser.sign_in(house.people["trainer"]).get(link[1]).content == self.PDF

    def test_a_refused_file_stands_at_its_field_and_nothing_is_written(self, house, browser):
        collector = browser.sign_in(house.people["collector"])
        refused = self.send(collector, house, "virus.exe", b"MZ\x90")
        assert refused.status_code == 422
        assert "choose them again" in refused.text
        assert "They sent their numbers." in refused.text
        assert house.bodies("collector") == []
        blank = self.send(collector, house, body=" ")
        assert blank.status_code == 422
        assert "choose them again" in blank.text
        with house.as_("collector") as (session, _actor):
            assert session.scalars(select(Attachment)).all() == []

    def test_a_file_of_another_matter_is_not_named(self, house):
        here, there = house.open(), house.open()
        with house.as_("collector") as (session, actor):
            upload = SimpleNamespace(filename="secret.pdf", file=BytesIO(self.PDF))
            file = store_attachment(session, actor, house.customer.id, upload, engagement_id=there)
        for engagement_id in (here, None):
            with pytest.raises(Invalid) as refused:
                house.log("collector", files=[file.id], engagement_id=engagement_id)
            assert "files" in refused.value.fields
        written = house.log("collector", files=[file.id], engagement_id=there)
        assert written.files == [{"id": file.id.hex, "name": "secret.pdf"}]

    def test_the_result_of_a_plan_has_files_too(self, house, browser):
        plan = house.plan("collector")
        collector = browser.sign_in(house.people["collector"])
        sent = collector.post(
            f"/plans/{plan.id}/finish", {"body": "Done.", "place": "page"}, files={"files": ("a.pdf", self.PDF)}
        )
        assert sent.status_code == 303
        assert "a.pdf" in collector.get(f"/customers/{house.customer.id}").text
