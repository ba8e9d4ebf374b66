"""Who may be contacted: what persons said, what they objected to, and what of that outlives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from platform_core.api.messages import Recipient, contact_allowed, contact_allowed_among, contact_opt_out
from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, erasing, merging, queries, services
from platform_core.customers.forms import ContactInput, CustomerInput
from platform_core.kernel.clock import now, today
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import speaking
from platform_core.kernel.model import METADATA
from platform_core.privacy import consent, restricting
from platform_core.privacy.forms import ConsentInput, SuppressionInput, TextInput
from platform_core.privacy.models import Consent, Suppression

PHONE, OTHER = "13800006021", "13900007700"


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def acting(runtime, factory):
    """A session of somebody who may do everything, committed at the end of each block."""
    actor = factory.actor(factory.user("management", name="Max"))

    def begin():
        return runtime.database.actor_session(actor)

    begin.actor = actor
    return begin


@pytest.fixture
def person(acting):
    """Id of a person with a number, and of a contact of theirs with another one."""
    with acting() as session:
        data = CustomerInput(name="Wang Xiaoming", kind="person", phone=PHONE)
        made = services.create(session, acting.actor, data)
    with acting() as session:
        data = ContactInput(name="Li", customer_id=made.id, phone=OTHER)
        contact = contacts.create(session, acting.actor, data)
    return made.id, contact.id


def asked(acting, person, channel="sms", purpose="marketing", **where):
    with acting() as session:
        return contact_allowed(session, queries.get(session, person[0]), channel, purpose, **where).code


def said(acting, person, **values):
    data = ConsentInput(**{"purpose": "marketing", "channel": "sms", "source": "form", "note": "file 7", **values})
    with acting() as session:
        consent.record_consent(session, acting.actor, queries.get(session, person[0]), data)


def test_no_word_is_no_and_the_latest_word_holds(acting, person, count_queries):
    assert asked(acting, person) == "no_consent"
    assert asked(acting, person, purpose="service") == ""
    said(acting, person, given=True, on=today() - timedelta(days=9))
    assert asked(acting, person) == ""
    assert asked(acting, person, purpose="greeting") == asked(acting, person, "email") == "no_consent"
    said(acting, person, given=False, on=today() - timedelta(days=5))
    assert asked(acting, person) == "withdrawn"
    said(acting, person, given=True, on=today() - timedelta(days=7))  # a form that turns up late
    assert asked(acting, person) == "withdrawn"
    said(acting, person, given=True, channel="")
    assert asked(acting, person) == asked(acting, person, "email") == ""
    said(acting, person, given=False, channel="email")
    assert (asked(acting, person), asked(acting, person, "email")) == ("", "withdrawn")
    said(acting, person, given=False, purpose="service", channel="")
    assert asked(acting, person, purpose="service") == "withdrawn"
    with acting() as session:
        customer, contact = queries.get(session, person[0]), queries.contact(session, person[1])
        assert not contact_allowed(session, contact, "sms", "marketing")  # the yes was somebody else's
        verdict = contact_allowed(session, customer, "fax", "an unknown purpose")
        assert (verdict.code, verdict.sentence) == ("no_consent", "The person has not agreed to this.")
        assert len(consent.history(session, customer)) == 6
        with count_queries(at_most=4):
            contact_allowed(session, customer, "sms", "marketing")


def test_an_opt_out_of_a_number_holds_for_everybody_who_has_it(runtime, acting, person, factory):
    said(acting, person, given=True, channel="")
    with runtime.database.system_session("an answer came in") as session:
        assert contact_opt_out(session, "sms", "+86 138-0000-6021", note="answered R")
        assert contact_opt_out(session, "sms", PHONE)  # twice is once
        assert not contact_opt_out(session, "sms", "hello")
        assert session.scalar(select(func.count()).select_from(Suppression)) == 1
    assert asked(acting, person, to=PHONE) == asked(acting, person, to="0086 13800006021") == "opted_out"
    assert asked(acting, person) == "opted_out"  # without a number: not to a person of whom one has opted out
    assert asked(acting, person, to=OTHER) == ""
    assert asked(acting, person, "email") == asked(acting, person, "sms", "service") == ""
    with acting() as session:
        twin = services.create(session, acting.actor, CustomerInput(name="Twin", phone=PHONE))
    said(acting, [twin.id], given=True)
    assert asked(acting, [twin.id]) == "opted_out"
    stranger = factory.actor(factory.user("coordinator"))
    with runtime.database.actor_session(stranger) as session:  # who sees nothing of it gets the same answer
        vault = vault_of(session)
        numbers = [vault.lookup("point", f"+86{number}") for number in (PHONE, OTHER)]
        found = contact_allowed_among(
            session, [Recipient(person[0], None, item) for item in numbers], "sms", "marketing"
        )
        assert [item.code for item in found] == ["opted_out", ""]
    with acting() as session:
        customer = queries.get(session, person[0])
        (held,) = consent.opt_outs(session, customer)
        assert held.mask == "138****6021"
        consent.lift(session, acting.actor, customer, held.id, "asked for it at the desk")
        with pytest.raises(Conflict):
            consent.lift(session, acting.actor, customer, held.id, "again")
        with pytest.raises(NotFound):
            consent.lift(session, acting.actor, queries.get(session, twin.id), person[0], "no such")
    assert asked(acting, person) == ""


@pytest.mark.any_database
def test_a_person_who_wants_nothing_at_all(acting, person):
    said(acting, person, given=True, channel="")
    with acting() as session:
        customer = queries.get(session, person[0])
        data = SuppressionInput(contact_id=person[1], purpose="*", source="letter")
        consent.suppress(session, acting.actor, customer, data)
        contact = queries.contact(session, person[1])
        assert contact_allowed(session, contact, "post", "service").code == "opted_out"
        assert contact_allowed(session, customer, "sms", "marketing", to=PHONE)
        consent.suppress(session, acting.actor, customer, SuppressionInput(purpose="", source="letter"))
    assert asked(acting, person, to=PHONE) == "opted_out"
    assert asked(acting, person, purpose="service", to=PHONE) == ""
    with acting() as session:  # what holds for a customer holds for its contacts
        lone = queries.contact(session, person[1])
        assert contact_allowed(session, lone, "phone", "marketing").code == "opted_out"


@pytest.mark.any_database
def test_what_nobody_may_say_or_write(runtime, acting, person, factory):
    for wrong in (
        {"purpose": "nonsense"}, {"channel": "pigeon"}, {"source": "?"}, {"on": today() + timedelta(days=1)},
        {"given": True, "note": " "}, {"given": True, "text_id": person[0], "note": ""},
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            said(acting, person, **wrong)
        assert refused.value.fields
    with acting() as session:
        text = consent.add_text(session, acting.actor, TextInput(purpose="marketing", body="I agree to offers."))
        other = consent.add_text(session, acting.actor, TextInput(purpose="survey", body="I agree to surveys."))
        assert (text.version, other.version) == (1, 1)
    for wrong in ({"text_id": None}, {"text_id": other.id}):
        with pytest.raises(Invalid) as refused:
            said(acting, person, given=True, **wrong)
        assert "text_id" in refused.value.fields
    said(acting, person, given=True, text_id=text.id)
    finance = factory.actor(factory.user("finance"))
    with runtime.database.actor_session(finance) as session, pytest.raises(Forbidden):
        consent.record_consent(
            session, finance, queries.get(session, person[0]), ConsentInput(purpose="marketing", source="form")
        )
    with runtime.database.actor_session(finance) as session, pytest.raises(Forbidden):
        consent.add_text(session, finance, TextInput(purpose="marketing", body="I agree to it all."))


def test_restricted_and_gone_people_are_not_contacted(acting, person):
    said(acting, person, given=True, channel="")
    with acting() as session:
        restricting.restrict(session, acting.actor, person[0], "the address is in dispute")
    assert asked(acting, person) == asked(acting, person, purpose="service") == "restricted"
    with acting() as session:
        assert contact_allowed(session, queries.contact(session, person[1]), "sms", "service").code == "restricted"
        restricting.lift(session, acting.actor, person[0], "settled")
    assert asked(acting, person) == ""
    with acting() as session:
        customer = services.move_to_bin(session, acting.actor, person[0])
        assert contact_allowed(session, customer, "sms", "service").code == "gone"


def test_of_an_erased_person_only_the_hashes_of_objections_are_left(runtime, acting, person):
    said(acting, person, given=True, channel="email", note="Wang signed it")
    said(acting, person, given=False, channel="sms")
    with acting() as session:
        no = ConsentInput(purpose="survey", channel="post", source="letter", note="Li wrote")
        consent.record_consent(session, acting.actor, queries.contact(session, person[1]), no)
        data = SuppressionInput(contact_id=person[1], channel="phone", source="phone", note="Li was angry")
        consent.suppress(session, acting.actor, queries.get(session, person[0]), data)
        contact_opt_out(session, "sms", PHONE, purpose="greeting", note="Wang answered R")
        other = services.create(session, acting.actor, CustomerInput(name="Wang again", phone="13700001111"))
    said(acting, [other.id], given=False, channel="phone")
    with acting() as session:
        merging.merge(session, acting.actor, person[0], other.id)
    with acting() as session:
        erasing.erase(session, acting.actor, person[0], "asked for in writing")
    with runtime.database.system_session("look") as session:
        assert session.scalars(select(Consent)).all() == []
        left = session.scalars(select(Suppression)).all()
        look = vault_of(session).lookup
        points = {PHONE: "Wang", OTHER: "Li", "13700001111": "again"}
        names = {look("point", f"+86{number}"): whose for number, whose in points.items()}
        assert {(names[item.point_hash], item.channel, item.purpose) for item in left} >= {
            ("Wang", "sms", "marketing"), ("Wang", "sms", "greeting"), ("Li", "phone", ""), ("Li", "post", "survey"), ("again", "phone", "marketing"),
        }  # fmt: skip
        assert {(item.customer_id, item.contact_id, item.mask, item.note) for item in left} == {(None, None, "", "")}
    with runtime.database.connection("look for what was erased") as connection:
        for table in METADATA.sorted_tables:
            text = repr(connection.execute(table.select()).all())
            assert not any(word in text for word in ("Wang", "angry", "138****6021")), table.name
    with acting() as session:  # somebody types the number in again
        back = services.create(session, acting.actor, CustomerInput(name="New", phone=PHONE))
    said(acting, [back.id], given=True)
    assert asked(acting, [back.id]) == "opted_out"


@pytest.mark.any_database
def test_every_word_has_a_line_in_the_trail_without_the_number(runtime, acting, person):
    said(acting, person, given=True, channel="")
    with acting() as session:
        customer = queries.get(session, person[0])
        point = queries.points_of(session, person[0])[0]
        consent.suppress(session, acting.actor, customer, SuppressionInput(point_id=point.id, source="phone"))
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action.like("privacy.%"))).all()
    assert {line.action for line in lines} == {"privacy.agree", "privacy.suppress"}
    assert PHONE not in repr([(line.after, line.reason, line.entity_label) for line in lines])
    masks = {"138****6021", "139****7700"}
    assert next(line.after["number"] for line in lines if line.action == "privacy.suppress") in masks
    assert all(line.at <= now() for line in lines)
