"""Contacts that belong to no customer are persons with the same rights: consent, copy, correction, restriction, erasure."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from platform_core.audit import sealing, verifying
from platform_core.audit.models import AuditEntry
from platform_core.customers import contact_erasing, contacts, queries
from platform_core.customers.forms import ContactInput, ContactPatch
from platform_core.customers.models import Contact
from platform_core.exports import lists
from platform_core.kernel.errors import Forbidden, Invalid, NotFound
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import JobRow
from platform_core.privacy import consent, register
from platform_core.privacy.allowed import allowed
from platform_core.privacy.forms import ConsentInput, SuppressionInput
from platform_core.privacy.models import PersonRequest, RequestAct, Suppression
from platform_core.testing.serving import PASSWORD
from platform_core.users import passwords

PHONE = "13900007654"
NAME = "Zhuang Meihua"
REASON = {"reason": "the number is in dispute"}


@pytest.fixture
def alone(acting):
    with acting() as session:
        return contacts.create(session, acting.actor, ContactInput(name=NAME, phone=PHONE, notes="met at the fair")).id


def registered(max_, alone, kind, **more):
    form = {"contact": str(alone), "kind": kind, "asked_by": NAME, "source": "letter", **more}
    answer = max_.post("/privacy/requests/new", form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def work(runtime):
    with runtime.database.system_session("look", write=False) as session:
        keys = list(session.scalars(select(JobRow.id).where(JobRow.state == "pending", JobRow.name == "exports.make")))
    return [runtime.jobs.run(key) for key in keys]


@pytest.mark.any_database
def test_consent_opt_outs_and_restriction_on_the_contacts_own_page(
    acting, max_, alone, factory, browser, count_queries
):
    page = f"/contacts/{alone}/privacy"
    assert f'href="{page}"' in max_.get("/contacts?view=alone").text
    form = {"purpose": "marketing", "source": "form", "given": "true", "note": "file 9"}
    assert max_.post(f"{page}/consent", form | {"source": "?"}).status_code == 422
    assert max_.post(f"{page}/consent", form).status_code == 303
    assert max_.get(f"{page}/opt-out").status_code == 200
    with acting() as session:
        contact = queries.contact(session, alone)
        assert allowed(session, contact, "sms", "marketing")
        point = queries.points_of_contacts(session, [alone])[alone][0].id
    assert max_.post(f"{page}/opt-out", {"point_id": str(point), "source": "phone"}).status_code == 303
    with count_queries(at_most=12):
        shown = max_.get(page).text
    assert "file 9" in shown
    assert "139****7654" in shown
    assert PHONE not in shown
    with acting() as session:
        assert allowed(session, queries.contact(session, alone), "sms", "marketing").code == "opted_out"
        (row,) = consent.opt_outs(session, queries.contact(session, alone))
    assert max_.post(f"{page}/opt-outs/{row.id}/lift", {"reason": "asked at the desk"}).status_code == 303
    assert max_.post(f"{page}/restrict", REASON).status_code == 303
    assert max_.post(f"{page}/restrict", REASON).status_code == 409
    with acting() as session:
        assert allowed(session, queries.contact(session, alone), "sms", "service").code == "restricted"
        assert lists.find(session, "contacts").read(session, acting.actor, "", ["contact_name"], 100).rows == []
    owner = factory.customer()
    for act in (
        lambda session: contacts.update(session, acting.actor, alone, ContactPatch(title="Head")),
        lambda session: contacts.remove(session, acting.actor, alone),
        lambda session: contacts.attach(session, acting.actor, alone, owner.id),
    ):
        with pytest.raises(Forbidden, match="This record is restricted"), acting() as session:
            act(session)
    assert max_.post(f"{page}/lift", {"reason": "settled"}).status_code == 303
    stranger = browser.sign_in(factory.user("coordinator"))
    assert stranger.get(page).status_code == 404
    assert stranger.post(f"{page}/consent", form).status_code == 404
    # With a customer it has everything there.
    with acting() as session:
        contacts.attach(session, acting.actor, alone, owner.id)
    assert max_.get(page).status_code == 404
    assert "file 9" in max_.get(f"/customers/{owner.id}/privacy").text


def test_a_copy_and_a_correction_are_asked_for_and_done(runtime, acting, max_, alone, factory, browser):
    correction = registered(max_, alone, "correction")
    wrong = max_.post(f"{correction}/correct", {"field": "city", "value": "x"})
    assert wrong.status_code == 422  # no field of a contact
    assert max_.post(f"{correction}/close", {"state": "done", "result": "told her"}).status_code == 422
    assert max_.post(f"{correction}/correct", {"field": "name", "value": f"{NAME} B"}).status_code == 303
    assert max_.post(f"{correction}/correct", {"field": "phone", "value": "13900001111"}).status_code == 303
    shown = max_.get(correction).text
    assert f"<s>{NAME}</s> {NAME} B" in shown
    assert "139****7654" in shown
    assert PHONE not in shown
    assert max_.post(f"{correction}/close", {"state": "done", "result": "told her"}).status_code == 303
    held = registered(max_, alone, "restriction")
    assert max_.post(f"{held}/restrict", REASON).status_code == 303
    second = factory.user("management", name="Ann", password_hash=passwords.hash_password(PASSWORD))
    copy = registered(max_, alone, "access")
    form = {"source": f"person:{copy.rpartition('/')[2]}", "form": "zip", "reason": "P-1"}
    place = max_.post("/exports/new", form).headers["location"]
    assert (
        browser.sign_in(second).post(f"{place}/decide", {"verdict": "approve", "password": PASSWORD}).status_code == 303
    )
    assert work(runtime) == [True]
    with zipfile.ZipFile(io.BytesIO(max_.post(f"{place}/fetch").content)) as package:
        data = json.loads(package.read("data.json"))
        book = CalamineWorkbook.from_filelike(io.BytesIO(package.read("data.xlsx")))
        tables = str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
        text = package.read("index.html").decode()
    everything = json.dumps(data, ensure_ascii=False)
    for word in (f"{NAME} B", "+8613900001111", "met at the fair", REASON["reason"]):
        assert word in everything, word
        assert word in tables, word
        assert word in text, word
    program = browser.token(factory.user("management"))
    listed = program.get("/api/v1/privacy/requests").json()["items"]
    assert {row["contact_id"] for row in listed} == {str(alone)}
    assert browser.sign_in(factory.user("coordinator")).get(copy).status_code == 403


def test_erasing_leaves_nothing_but_objections_and_a_trail_that_still_fits(runtime, acting, max_, alone):
    with acting() as session:
        said = ConsentInput(purpose="marketing", source="form", given=False)
        contact = queries.contact(session, alone)
        consent.record_consent(session, acting.actor, contact, said)
        point = queries.points_of_contacts(session, [alone])[alone][0].id
        closed = SuppressionInput(point_id=point, channel="phone", source="phone", note=f"{NAME} called")
        consent.suppress(session, acting.actor, contact, closed)
    asked = registered(max_, alone, "erasure", details=f"forget me, {NAME}")
    sealing.seal(runtime.database)
    page = f"/contacts/{alone}/erase"
    assert f'href="{page}"' in max_.get(asked).text
    assert max_.get(page).status_code == 200
    refused = max_.post(page, {"name": "Somebody", "reason": ""})
    assert (refused.status_code, "This is not the name of this contact" in refused.text) == (422, True)
    assert max_.post(page, {"name": NAME, "reason": "asked in writing"}).status_code == 303
    assert max_.get(page).status_code == 404
    close = {"state": "done", "result": "told", "identity": "card at the desk"}
    assert max_.post(f"{asked}/close", close).status_code == 303
    with runtime.database.system_session("look", write=False) as session:
        assert session.get(Contact, alone) is None
        found = session.scalars(select(PersonRequest)).one()
        assert (found.state, found.asked_by, found.details, found.contact_id) == ("done", "", "", None)
        assert [act.what for act in session.scalars(select(RequestAct).order_by(RequestAct.at))] == ["erase", "close"]
        kept = session.scalars(select(Suppression)).all()
        assert {(row.mask, row.note, row.channel, row.purpose) for row in kept} == {
            ("", "", "", "marketing"), ("", "", "phone", ""),
        }  # fmt: skip
        assert {row.point_hash for row in kept} == {runtime.vault.lookup("point", f"+86{PHONE}")}
        assert {row.contact_id for row in kept} == {None}
        report = verifying.verify(session, runtime.vault)
        assert report.findings == []
        assert report.blanked > 0
        actions = set(session.scalars(select(AuditEntry.action)))
        assert {"customers.contact_erase", "audit.blank"} <= actions
    with runtime.database.connection("look for what was erased") as connection:
        for table in METADATA.sorted_tables:
            told = repr(connection.execute(table.select()).all())
            assert "Zhuang" not in told, table.name
            assert "met at the fair" not in told, table.name


@pytest.mark.any_database
def test_one_of_a_customer_is_erased_with_it_and_one_of_others_by_nobody_else(acting, alone, factory, browser, runtime):
    owner = factory.customer()
    with acting() as session:
        theirs = contacts.create(session, acting.actor, ContactInput(name="With", customer_id=owner.id)).id
    with pytest.raises(NotFound), acting() as session:
        contact_erasing.erase(session, acting.actor, theirs, "With", "asked")
    with pytest.raises(Invalid), acting() as session:
        contact_erasing.erase(session, acting.actor, alone, NAME, "")
    stranger = factory.user("coordinator")
    program = browser.token(stranger)
    asked = {"name": NAME, "reason": "asked"}
    assert program.request("POST", f"/api/v1/contacts/{alone}/erase", json=asked).status_code in {403, 404}
    actor = factory.actor(stranger)
    with pytest.raises(NotFound), runtime.database.actor_session(actor) as session:
        contact_erasing.erase(session, actor, alone, NAME, "asked")
    with acting() as session:
        assert register.listed(session) == []
        assert queries.contact(session, alone).name == NAME
