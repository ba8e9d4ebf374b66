"""Erasing the person: nothing in any table, file or notification says any more who it was."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.opportunities.models import Contract, Opportunity
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import attachments, erasing, merging, queries, services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.mergemodels import Erasure
from platform_core.customers.models import Attachment, Contact, ContactPoint, Customer
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.model import METADATA
from platform_core.relay.models import Engagement
from platform_core.relay.services import open_engagement
from platform_core.users import notifications
from tests.core.customers.test_merging import acting, boss, pair  # noqa: F401  fixtures

SECRETS = ("甲咨询", "13800006021", "13900007700", "****6021", "****7700", "said hello", "secret.pdf")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def traces(runtime):
    """Table -> which of SECRETS its rows still hold, as they lie in the database."""
    found = {}
    with runtime.database.connection("look for what was erased") as connection:
        for table in METADATA.sorted_tables:
            text = repr(connection.execute(table.select()).all())
            if held := {secret for secret in SECRETS if secret in text}:
                found[table.name] = held
    return found


def files_of(runtime):
    return {path for path in (runtime.settings.data_dir / "files").rglob("*") if path.is_file()}


@pytest.fixture
def before(runtime):
    """Files that other tests have left."""
    return files_of(runtime)


@pytest.fixture
def known(runtime, before, acting, pair, boss):  # noqa: F811
    """A customer that two files, a notification and the audit trail speak of."""
    keep = pair[0]
    with acting() as session:
        for name in ("secret.pdf", "signed secret.pdf"):
            upload = SimpleNamespace(filename=name, file=BytesIO(PDF))
            kept = attachments.store(session, acting.actor, keep, upload, owner="opportunities", kind="contract")
        contract = session.scalars(select(Contract).where(Contract.customer_id == keep)).one()
        contract.attachment_id = kept.id
        notifications.notify(session, [boss.id], "relay", "x", {"name": "甲咨询"}, url=f"/customers/{keep}")
        for opportunity in session.scalars(select(Opportunity)):
            opportunity.stage = "won"
        for engagement in session.scalars(select(Engagement)):
            engagement.state = "done"
    assert len(traces(runtime)) > 8
    return keep


def test_nothing_says_any_more_who_it_was(runtime, acting, before, known, pair):  # noqa: F811
    with acting() as session:
        merging.merge(session, acting.actor, known, pair[1])  # its record is erased with it
    with acting() as session:
        code = queries.get(session, known).code
        erasing.erase(session, acting.actor, known, "asked for in writing")
    # Numbers of contracts are kept, and tags are everybody's: in this test both are called after the customer.
    assert traces(runtime).keys() <= {"opportunities_contract", "customers_tag"}
    with runtime.database.system_session("test", write=False) as session:
        row = session.get_one(Customer, known)
        assert (row.code, row.phone_mask, row.contact_name) == (code, "", "")
        assert code in row.name
        assert session.scalars(select(Contact)).all() == []
        assert session.scalars(select(ContactPoint)).all() == []
        assert session.scalars(select(Plan)).all() == []
        assert {line.body for line in session.scalars(select(FollowUp))} == {""}
        assert {deal.customer_id for deal in session.scalars(select(Opportunity))} == {known}
        assert all(code in deal.title for deal in session.scalars(select(Opportunity)))
        assert len(session.scalars(select(Contract)).all()) == 2
        (file,) = session.scalars(select(Attachment))
        assert file.filename == "contract.pdf"
        assert {item.customer_id for item in session.scalars(select(Erasure))} == set(pair)
    assert [path for path in files_of(runtime) if path not in before] == [
        runtime.settings.data_dir / "files" / file.stored_as
    ]


def test_the_audit_trail_keeps_who_did_what_when(runtime, acting, known):  # noqa: F811
    with runtime.database.system_session("test", write=False) as session:
        before = {line.id: (line.action, line.at, line.actor_label) for line in session.scalars(select(AuditEntry))}
    with acting() as session:
        erasing.erase(session, acting.actor, known, "asked for in writing")
    with runtime.database.system_session("test", write=False) as session:
        lines = session.scalars(select(AuditEntry)).all()
    after = {line.id: (line.action, line.at, line.actor_label) for line in lines}
    assert before.items() <= after.items()
    mine = [line for line in lines if line.customer_id == known]
    assert len(mine) > 3
    assert [line.reason for line in mine if line.action == "customers.erase"] == ["asked for in writing"]
    assert any("name" in line.after for line in mine if line.action == "customers.create")


def test_what_is_open_stands_against_it(acting, pair):  # noqa: F811
    with acting() as session:
        assert len(erasing.preview(session, acting.actor, pair[0]).blockers) == 2
    with pytest.raises(Conflict), acting() as session:
        erasing.erase(session, acting.actor, pair[0], "asked for")


def test_it_takes_the_right_a_reason_and_leaves_nothing_to_restore(runtime, acting, known, factory):  # noqa: F811
    head = factory.actor(factory.user("department_head", factory.department()))
    with pytest.raises(NotFound), runtime.database.actor_session(head) as session:
        erasing.erase(session, head, known, "asked for")
    clerk = factory.actor(factory.user("office"))
    with pytest.raises(Forbidden), runtime.database.actor_session(clerk) as session:
        erasing.erase(session, clerk, known, "asked for")
    with pytest.raises(Invalid), acting() as session:
        erasing.erase(session, acting.actor, known, "  ")
    with acting() as session:
        services.move_to_bin(session, acting.actor, known)
    with acting() as session:
        erasing.erase(session, acting.actor, known, "asked for")  # out of the bin as well
    for act in (services.restore, lambda *given: erasing.erase(*given, "again")):
        with pytest.raises(NotFound), acting() as session:
            act(session, acting.actor, known)


def test_an_open_engagement_stands_against_it(acting, factory):  # noqa: F811
    department = factory.department()
    with acting() as session:
        customer = services.create(session, acting.actor, CustomerInput(name="Somebody"))
    with acting() as session:
        open_engagement(session, acting.actor, customer, None, "matter", departments=[department.id])
    with acting() as session:
        assert len(erasing.preview(session, acting.actor, customer.id).blockers) == 1


def test_the_page_shows_counts_and_wants_the_code(browser, acting, boss, known, count_queries):  # noqa: F811
    page = browser.sign_in(boss)
    with count_queries(at_most=14):
        shown = page.get(f"/customers/{known}/erase")
    assert "Contracts" in shown.text
    assert "cannot be undone" in shown.text
    with acting() as session:
        code = queries.get(session, known).code
    wrong = page.post(f"/customers/{known}/erase", {"code": "C-1", "reason": "asked"})
    assert (wrong.status_code, "not the code" in wrong.text) == (422, True)
    assert page.post(f"/customers/{known}/erase", {"code": code, "reason": ""}).status_code == 422
    assert page.get(f"/customers/{known}").status_code == 200
    assert page.post(f"/customers/{known}/erase", {"code": code, "reason": "asked"}).status_code == 303
    assert page.get(f"/customers/{known}").status_code == 404
    program = browser.token(boss)
    answer = program.post(f"/api/v1/customers/{known}/erase", json={"code": code, "reason": "asked"})
    assert answer.status_code == 404


def test_the_api_erases(browser, boss, acting, known):  # noqa: F811
    program = browser.token(boss)
    code = program.get(f"/api/v1/customers/{known}").json()["code"]
    url = f"/api/v1/customers/{known}/erase"
    assert program.post(url, json={"code": "x", "reason": "asked"}).status_code == 422
    assert program.post(url, json={"code": code, "reason": "asked"}).status_code == 204
