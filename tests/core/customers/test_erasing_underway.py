"""What is under way when a person is erased: answers kept for repeated requests, and tables being imported."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import Payload
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.models import IdempotencyKey
from platform_core.users.jobs import tidy
from platform_core.web import answers
from tests.core.customers.importing.conftest import TITLES, collector, row, uploads, xlsx  # noqa: F401  a fixture

NAME, PHONE = "Persona <Grata>", "13800006021"


@pytest.fixture
def manager(browser, factory):
    """A program of somebody who may erase."""
    return browser.token(factory.user("management"))


def create(program, name, key, **fields):
    return program.post("/api/v1/customers", json={"name": name, **fields}, headers={"Idempotency-Key": key})


def erase(program, made):
    url = f"/api/v1/customers/{made['id']}/erase"
    answer = program.post(url, json={"code": made["code"], "reason": "asked for"})
    assert answer.status_code == 204, answer.text


def stored(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(statement).all()


def test_a_kept_answer_goes_with_whom_it_speaks_of(runtime, manager):
    made = create(manager, NAME, "person", phone=PHONE)
    other = create(manager, "Somebody else", "other")
    contact = manager.post(
        f"/api/v1/customers/{made.json()['id']}/contacts", json={"name": "Wei"}, headers={"Idempotency-Key": "contact"}
    )
    assert contact.status_code == 201
    assert NAME.encode() in b"".join(item.body for item in stored(runtime, select(IdempotencyKey)))
    erase(manager, made.json())
    left = b"".join(item.body for item in stored(runtime, select(IdempotencyKey)))
    for text in (NAME, made.json()["id"], made.json()["code"], made.json()["phone"]):
        assert text.encode() not in left, text
    again = create(manager, NAME, "person", phone=PHONE)
    assert again.status_code == 404
    assert "erased" in again.json()["title"]
    replayed = create(manager, "Somebody else", "other")
    assert (replayed.json(), replayed.headers["idempotent-replay"]) == (other.json(), "true")


def test_an_answer_as_html_is_found_as_well(session, runtime, manager, factory):
    user = factory.user()
    kept = {"page": b"<p>Persona &lt;Grata&gt;</p>", "another": b"<p>Persona</p>"}
    for key, body in kept.items():
        session.add(IdempotencyKey(user_id=user.id, key=key, fingerprint=b"", status=200, body=body))
    session.flush()
    answers.forget_about(session, [NAME, ""])
    session.expire_all()
    found = {item.key: (item.status, item.body) for item in session.scalars(select(IdempotencyKey))}
    assert found == {"page": (404, b""), "another": (200, kept["another"])}


def test_answers_are_not_kept_for_ever(runtime, manager, factory):
    assert create(manager, NAME, "old").status_code == 201
    job = type("Context", (), {"database": runtime.database})()
    tidy(job)
    assert len(stored(runtime, select(IdempotencyKey))) == 1
    with freeze(now() + answers.LIFE * 2):
        tidy(job)
    assert stored(runtime, select(IdempotencyKey)) == []


def test_tables_under_way_lose_the_person(runtime, manager, collector):  # noqa: F811
    made = create(manager, NAME, "person", phone=PHONE).json()
    table = xlsx(TITLES, [
        row(客户名称="Same number", 手机=PHONE), row(客户名称="Nobody of the kind", 手机="13900001234", 邮箱="", 微信=""),
    ])  # fmt: skip
    before = uploads(runtime)
    collector.upload(table)
    unread = collector.batch_id
    collector.upload(table)
    assert collector.check().duplicate_rows == 1
    assert len(uploads(runtime) - before) == 2
    erase(manager, made)
    assert uploads(runtime) == before
    states = {batch.id: (batch.state, batch.samples) for batch in stored(runtime, select(ImportBatch))}
    assert states == {unread: ("expired", b""), collector.batch_id: ("checked", b"")}
    (left,) = stored(runtime, select(ImportRow))
    assert PHONE not in repr(Payload.opened(runtime.vault, left.payload))
    assert collector.commit().imported == 1, "the rest of the table comes in"
    assert [customer.name for customer in collector.customers()] == ["Nobody of the kind"]


def test_a_check_that_runs_stops_and_the_table_has_to_be_sent_again(runtime, manager, collector):  # noqa: F811
    made = create(manager, NAME, "person", phone=PHONE).json()
    collector.upload(xlsx(TITLES, [row(客户名称="Same number", 手机=PHONE)]))
    collector.act("mapping", **{f"column-{place}": "" for place in range(1, len(TITLES))}, **{"column-0": "name"})
    assert collector.batch.state == "checking"
    erase(manager, made)
    assert collector.batch.state == "expired"
    collector.run()
    assert (collector.batch.state, stored(runtime, select(ImportRow))) == ("expired", [])
