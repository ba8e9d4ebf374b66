"""What goes along with a baton: composed, edited, sent, read, and kept as it was."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from types import SimpleNamespace

import pytest
from baton_plugins.activities import queries as activity_queries
from baton_plugins.activities.handing.models import SentPackage
from sqlalchemy import select

from platform_core.api import Attachment, Leg, NotFound, new_id, now, store_attachment, today
from platform_core.audit.models import AuditEntry
from platform_core.customers import attachments
from platform_core.relay import packages, queries
from platform_core.relay import services as relay
from platform_core.relay.forms import PackageInput

PDF = b"%PDF-1.7\n%%EOF\n"


def attach(house, name, filename, **fields):
    with house.as_(name) as (session, actor):
        upload = SimpleNamespace(filename=filename, file=BytesIO(PDF))
        return store_attachment(session, actor, house.customer.id, upload, **fields).id


def next_leg(house, engagement_id):
    with house.as_("manager") as (session, _actor):
        return queries.view_of(session, engagement_id).following.leg.id


def proposed(house, name, engagement_id):
    with house.as_(name) as (session, _actor):
        view = queries.view_of(session, engagement_id)
        return packages.propose(session, view.engagement, view.following.leg)


def sent(house, name, leg_id):
    with house.as_(name) as (session, _actor):
        return packages.read(session, queries.leg_of(session, leg_id))


@pytest.fixture
def prepared(house):
    """A matter with something said, promised, planned and attached."""
    engagement_id = house.open()
    house.log("collector", "They want a course\nin March.", engagement_id=engagement_id, promised="A quote by Friday")
    house.log("collector", "Their accountant rang about parking.")
    day = today() + timedelta(days=2)
    plan = house.plan("collector", "Send the quote", on=day, engagement_id=engagement_id)
    file_id = attach(house, "collector", "offer.pdf", engagement_id=engagement_id)
    return SimpleNamespace(engagement_id=engagement_id, plan_id=plan.id, file_id=file_id)


def test_it_is_composed_from_what_was_said_promised_planned_and_attached(house, prepared):
    proposal = proposed(house, "collector", prepared.engagement_id)
    package = proposal.package
    said = package.said.splitlines()
    assert said[0] == f"{today():%Y-%m-%d} 电话, Carol: They want a course in March."
    assert "parking" in said[1]
    assert package.promised == f"{today():%Y-%m-%d} Carol: A quote by Friday"
    assert [(plan.subject, plan.who) for plan in package.plans] == [("Send the quote", "Carol")]
    assert package.files == (prepared.file_id,)


def test_other_matters_and_files_from_before_stay_out_unless_chosen(house):
    old = attach(house, "collector", "old.pdf")
    with house.runtime.database.system_session("age") as session:
        session.get_one(Attachment, old).uploaded_at = now() - timedelta(days=90)
    other, mine = house.open(), house.open()
    house.log("collector", "About the other matter.", engagement_id=other, promised="Nothing of this one")
    house.plan("collector", "Of the other matter", engagement_id=other)
    secret = attach(house, "collector", "other.pdf", engagement_id=other)
    proposal = proposed(house, "collector", mine)
    assert (proposal.package.said, proposal.package.promised, proposal.package.plans) == ("", "", ())
    assert proposal.package.files == ()
    assert [file.id for file in proposal.files] == [old]
    wanted = PackageInput(files=[old, secret, new_id()], plans=[new_id()])
    with house.as_("collector") as (session, actor):
        leg = relay.hand_over(session, actor, mine, note="Please go on.", package=wanted)
    package = sent(house, "trainer", leg.id)[0]
    assert package.files == (old,), "nobody sends a file of another matter along"
    assert package.plans == ()


def test_of_a_file_the_newest_version_is_offered_and_an_older_one_goes_along_when_the_sender_has_read_it(house):
    engagement_id, added = house.open(), []
    for _ in range(2):
        with house.as_("collector") as (session, actor):
            upload = SimpleNamespace(filename="offer.pdf", file=BytesIO(PDF))
            added.append(attachments.add(session, actor, house.customer.id, upload).id)
    first, second = added
    proposal = proposed(house, "collector", engagement_id)
    assert [file.id for file in proposal.files] == [second]
    assert proposal.package.files == (second,)
    with house.as_("collector") as (session, actor):
        leg = relay.hand_over(session, actor, engagement_id, note="Go on.", package=PackageInput(files=[first]))
    assert sent(house, "trainer", leg.id)[0].files == (first,)


def test_without_changes_it_goes_along_as_composed_and_stays_as_it_was(house, prepared):
    leg_id = house.hand_over("collector", prepared.engagement_id)
    house.accept("trainer", leg_id)
    house.finish("trainer", prepared.plan_id, "Sent.")
    house.log("trainer", "Said later.", engagement_id=prepared.engagement_id)
    for name in ("trainer", "collector"):
        package = sent(house, name, leg_id)[0]
        assert package.note == "They want a course in March."
        assert package.sender == "Carol"
        assert [plan.subject for plan in package.plans] == ["Send the quote"]
        assert "later" not in package.said
    with house.runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "relay.hand_over")).one()
    assert line.after["plans"] == 1
    assert line.after["files"] == 1
    assert "quote" not in str(line.after)


def test_a_returned_baton_goes_out_again_as_it_was_sent_with_what_came_since(house, prepared):
    with house.as_("collector") as (session, actor):
        wanted = PackageInput(said="In short: a course.", promised="A quote")
        leg_id = relay.hand_over(session, actor, prepared.engagement_id, note="Please.", package=wanted).id
    with house.as_("trainer") as (session, actor):
        relay.return_leg(session, actor, leg_id, "How many people?")
    house.log("collector", "Twelve people.", engagement_id=prepared.engagement_id)
    package = proposed(house, "collector", prepared.engagement_id).package
    assert package.said.splitlines()[0] == "In short: a course."
    assert package.said.endswith("Twelve people.")
    assert package.promised == "A quote"
    house.hand_over("collector", prepared.engagement_id)
    both = sent(house, "trainer", leg_id)
    assert [bool("Twelve" in one.said) for one in both] == [True, False]


def test_it_is_edited_in_the_form_read_on_one_page_and_taken_over_there(house, prepared, browser, count_queries):
    collector = browser.sign_in(house.people["collector"])
    url = f"/engagements/{prepared.engagement_id}/hand-over"
    with count_queries(at_most=12):
        form = collector.get(url, htmx=True).text
    assert "They want a course in March." in unescape(form)
    assert f'value="{prepared.plan_id}" checked' in form
    assert f'value="{prepared.file_id}" checked' in form
    typed = {"packed": "1", "said": "Twelve people in March.", "promised": "A quote", "files": str(prepared.file_id)}
    refused = collector.post(url, {**typed, "note": ""}, htmx=True)
    assert refused.status_code == 422
    assert "Twelve people in March." in refused.text
    assert f'value="{prepared.plan_id}" checked' not in refused.text
    assert f'value="{prepared.file_id}" checked' in refused.text
    long = collector.post(url, {**typed, "note": "Go on", "said": "x" * 10_001}, htmx=True)
    assert long.status_code == 422
    assert "At most 10000 characters" in long.text
    assert collector.post(url, {**typed, "note": "Go on"}).status_code == 303
    leg_id = house.factory.read(SentPackage, package_id(house)).leg_id
    trainer = browser.sign_in(house.people["trainer"])
    assert f'href="/legs/{leg_id}/package"' in trainer.get("/").text
    assert f'href="/legs/{leg_id}/package"' in trainer.get("/relay/inbox").text
    with count_queries(at_most=12):
        page = trainer.get(f"/legs/{leg_id}/package").text
    for text in ("Go on", "Twelve people in March.", "A quote", "offer.pdf"):
        assert text in page
    assert "Send the quote" not in page
    link = re.search(r'href="(/customers/[^"]+/files/[^"]+)"', page)
    assert trainer.get(link[1]).content == PDF
    assert trainer.post(f"/legs/{leg_id}/accept").status_code == 303
    kept = browser.sign_in(house.people["collector"]).get(f"/legs/{leg_id}/package")
    assert "Twelve people in March." in kept.text
    assert f"/legs/{leg_id}/accept" not in kept.text


def package_id(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(SentPackage.id)).one()


def test_nobody_else_reads_it(house, prepared, browser):
    leg_id = house.hand_over("collector", prepared.engagement_id)
    for name in ("other_collector", "agent"):
        with house.as_(name) as (session, _actor):
            assert session.scalars(select(SentPackage)).all() == []
        assert browser.sign_in(house.people[name]).get(f"/legs/{leg_id}/package").status_code == 404
    with house.as_("trainer") as (session, _actor):
        assert len(session.scalars(select(SentPackage)).all()) == 1
    with house.as_("trainer") as (session, actor):
        relay.return_leg(session, actor, leg_id, "Not ours.")
    with house.as_("trainer") as (session, _actor), pytest.raises(NotFound):
        queries.leg_of(session, leg_id)


def test_a_file_that_is_gone_leaves_a_line_without_its_name(house, prepared, browser):
    leg_id = house.hand_over("collector", prepared.engagement_id)
    with house.runtime.database.system_session("gone") as session:
        session.delete(session.get_one(Attachment, prepared.file_id))
    page = browser.sign_in(house.people["trainer"]).get(f"/legs/{leg_id}/package").text
    assert "offer.pdf" not in page
    assert "no longer there" in page


def test_programs_read_and_send_it(house, prepared, browser):
    collector = browser.sign_in(house.people["collector"])
    url = f"/api/v1/engagements/{prepared.engagement_id}"
    draft = collector.get(f"{url}/package").json()
    assert draft["files"][0]["filename"] == "offer.pdf"
    body = {"note": "Go on", "package": {"said": "Short.", "files": [draft["files"][0]["id"]]}}
    assert collector.post(f"{url}/offer", json=body).status_code == 200
    leg_id = house.factory.read(SentPackage, package_id(house)).leg_id
    trainer = browser.sign_in(house.people["trainer"])
    (package,) = trainer.get(f"/api/v1/legs/{leg_id}/packages").json()["items"]
    assert (package["said"], package["plans"], package["missing"]) == ("Short.", [], 0)
    assert browser.sign_in(house.people["agent"]).get(f"/api/v1/legs/{leg_id}/packages").status_code == 404


def test_of_before_there_were_packages_the_note_is_read(house, prepared, browser):
    leg_id = house.hand_over("collector", prepared.engagement_id)
    with house.runtime.database.system_session("as it was") as session:
        session.delete(session.get_one(SentPackage, package_id_in(session)))
    page = browser.sign_in(house.people["trainer"]).get(f"/legs/{leg_id}/package").text
    assert "They want a course in March." in page
    assert house.factory.read(Leg, leg_id).note


def package_id_in(session):
    return session.scalars(select(SentPackage.id)).one()


def test_a_promise_is_corrected_and_its_earlier_text_stays(house, browser):
    follow_up = house.log("collector", "They ask for a quote.", promised="By Friday")
    collector = browser.sign_in(house.people["collector"])
    assert "Promised: By Friday" in collector.get(f"/customers/{house.customer.id}").text
    url = f"/follow-ups/{follow_up.id}"
    typed = {"body": "They ask for a quote.", "version": "1", "promised": "By Monday"}
    assert collector.post(f"{url}/edit", typed).status_code == 303
    assert "Promised: By Monday" in collector.get(f"/customers/{house.customer.id}").text
    assert "Promised: By Friday" in collector.get(f"{url}/versions").text


def test_the_counts_of_an_engagement_are_of_what_the_reader_sees(house, prepared):
    for name, counted in (("collector", (1, 1)), ("agent", (0, 0))):
        with house.as_(name) as (session, _actor):
            assert activity_queries.counts_of_engagement(session, prepared.engagement_id) == counted
