"""Old logs come with the people who wrote them and the days on which they did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from baton_plugins.activities.models import FollowUp
from sqlalchemy import select

from platform_core.api import Customer, User
from platform_core.audit.models import AuditEntry

URL = "/import/activities.follow_ups"
HEAD = "Customer,Date,Who wrote it,What was said,Kind,Outcome,Contact\n"


def send(browser, text, **fields):
    return browser.post(URL, fields, files={"file": ("table.csv", text.encode(), "text/csv")})


def stored(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(FollowUp).order_by(FollowUp.at)).all()


@pytest.fixture
def manager(house, browser):
    return browser.sign_in(house.factory.user("management"))


def test_author_and_date_are_the_real_ones(house, manager):
    code = house.customer.code
    other = next(iter(house.people.values()))
    table = HEAD + (
        f"{code},2019/3/5 14:30,{other.login},They asked for a quote.,call,,Mr Li\n"
        f"{code},2018年12月1日,Somebody who left,First visit.,,,\n"
    )
    assert URL in manager.get("/plans").text
    assert "2 rows can be added" in send(manager, table, check="1").text
    assert stored(house) == []
    assert send(manager, table).status_code == 303
    first, second = stored(house)
    assert (first.author_id, first.author_label, first.kind) == (None, "Somebody who left", "note")
    assert (second.author_id, second.author_label) == (other.id, other.name)
    assert first.at == datetime(2018, 12, 1, 4, tzinfo=UTC)
    assert second.at == datetime(2019, 3, 5, 6, 30, tzinfo=UTC)
    assert second.contact_label == "Mr Li"
    assert house.factory.read(Customer, house.customer.id).last_contact_at == second.at
    with house.runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "activities.import_follow_up")).all()
    assert [line.customer_id for line in lines] == [house.customer.id] * 2
    assert "quote" not in str([line.after for line in lines]), "texts stay out of the trail"
    again = send(manager, table)
    assert again.status_code == 422
    assert "in the house already" in again.text
    assert len(stored(house)) == 2


def test_every_fault_is_named_and_nobody_writes_in_others_names(house, browser, manager):
    code = house.customer.code
    table = HEAD + (
        f"nobody,2019-03-05,X,a,,,\n{code},yesterday,X,b,,,\n{code},2999-01-01,X,c,,,\n{code},2019-03-05,,d,,,\n"
        f"{code},2019-03-05,X,e,dance,,\n{code},2019-02-30,X,f,,,\n"
    )
    refused = send(manager, table).text
    for message in (
        "You see no such customer.", "Write the day as 2019-03-05", "still to come", "Please fill this in.",
        "This is not known here.",
    ):  # fmt: skip
        assert message in refused, message
    with house.runtime.database.system_session("look", write=False) as session:
        owner = session.get(User, house.customer.owner_id)
    own = browser.sign_in(owner)
    assert "only if you may correct" in send(own, HEAD + f"{code},2019-03-05,Somebody who left,x,,,\n").text
    assert stored(house) == []
    assert send(own, HEAD + f"{code},2019-03-05,{owner.login},mine,,,\n").status_code == 303
    assert [row.author_id for row in stored(house)] == [owner.id]
