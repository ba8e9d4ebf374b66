"""Calls from behind a switchboard: the card says whom they may be from, and opens nobody until somebody chooses."""

from __future__ import annotations

from baton_plugins.telephony.models import Block, Call
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import ContactPoint

MAIN, INSIDE, OUTSIDE = "0571-88880000", "0571-88881234", "0571-88891234"


def point_of(house, customer, kind="phone"):
    with house.runtime.database.system_session("look", write=False) as session:
        wanted = select(ContactPoint.id).where(ContactPoint.customer_id == customer.id, ContactPoint.kind == kind)
        return session.scalars(wanted).one()


def switchboard(house, owner, name, number=MAIN, digits=4):
    """A customer whose last digits vary."""
    customer = house.customer(owner, name, number)
    form = {"point_id": str(point_of(house, customer)), "digits": str(digits)}
    answer = house.page(owner).post(f"/calls/blocks/{customer.id}", form)
    assert answer.status_code == 303, answer.text
    return customer


def test_a_number_behind_a_switchboard_is_a_hint_to_choose_by(house, count_queries):
    customer = switchboard(house, "carol", "Qiheng Consulting")
    box = house.agent(("1", "carol"), area_code="0571")
    box.ring("88881234")
    page = house.page("carol")
    with count_queries(at_most=12):
        card = page.get("/calls/card").text
    assert "begins as the switchboard of" in card
    assert "Qiheng Consulting" in card
    assert f'href="/customers/{customer.id}"' not in card
    assert "new-customer" in card
    (call,) = house.calls()
    assert call.customer_id is None
    assert f"/calls/of/{customer.id}" not in page.get("/calls").text
    chosen = page.post(f"/calls/{call.id}/choose", {"customer_id": str(customer.id)}, htmx=True).text
    assert f'href="/customers/{customer.id}"' in chosen
    assert 'data-key="F2"' in chosen
    assert house.calls()[0].customer_id == customer.id
    box.ring(OUTSIDE, call="other")
    assert "begins as" not in house.page("carol").get("/calls/card").text.split(f"call-{call.id}")[0]


def test_whose_number_it_is_goes_before_whose_switchboard(house):
    switchboard(house, "carol", "Qiheng Consulting")
    house.customer("carol", "Inner Office", INSIDE)
    box = house.agent(("1", "carol"))
    box.ring(INSIDE)
    card = house.card("carol")
    assert "Inner Office" in card
    assert "Qiheng" not in card
    assert "begins as" not in card


def test_of_a_switchboard_that_one_may_not_see_only_the_department_is_told(house):
    hidden = switchboard(house, "tom", "Secret Training Client")
    box = house.agent(("1", "carol"))
    box.ring(INSIDE)
    card, page = house.card("carol"), house.page("carol")
    assert "Perhaps a customer of the department Training" in card
    assert "Secret" not in card
    assert str(hidden.id) not in card
    (call,) = house.calls()
    assert page.post(f"/calls/{call.id}/choose", {"customer_id": str(hidden.id)}, htmx=True).status_code == 404
    assert page.get(f"/calls/blocks/{hidden.id}").status_code == 404


def test_an_unclean_or_mobile_number_hints_at_nobody(house):
    switchboard(house, "carol", "Qiheng Consulting")
    box = house.agent(("1", "carol"))
    box.ring(INSIDE, call="bad", verified=False)
    box.ring("13900008321", call="mobile")
    assert "begins as" not in house.card("carol")


def test_two_switchboards_in_one_block_are_both_offered_and_how_many_digits_counts(house):
    switchboard(house, "carol", "Wide Works", digits=4)
    switchboard(house, "carol", "Narrow Works", "0571-88881200", digits=2)
    box = house.agent(("1", "carol"))
    box.ring(INSIDE, call="both")
    both = house.card("carol")
    assert "Wide Works" in both
    assert "Narrow Works" in both
    house.page("carol").post(f"/calls/{house.calls()[0].id}/dismiss", {}, htmx=True)
    box.ring("0571-88881334", call="one")
    one = house.card("carol")
    assert "Wide Works" in one
    assert "Narrow Works" not in one


def test_the_numbers_are_written_down_shown_with_a_mask_and_taken_away(house):
    customer = switchboard(house, "carol", "Qiheng Consulting", digits=2)
    page, url = house.page("carol"), f"/calls/blocks/{customer.id}"
    assert url in page.get(f"/calls/of/{customer.id}").text
    again = {"point_id": str(point_of(house, customer)), "digits": "2"}
    assert page.post(url, again).status_code == 303
    with house.runtime.database.system_session("look", write=False) as session:
        (block,) = session.scalars(select(Block)).all()
        added = session.scalars(select(AuditEntry).where(AuditEntry.action == "telephony.add_block")).all()
    assert block.mask == "0571****00xx"
    assert [line.customer_id for line in added] == [customer.id]
    shown = page.get(url).text
    assert "0571****00xx" in shown
    assert "88880000" not in shown
    assert page.post(url, {**again, "digits": "5"}).status_code == 422
    other = house.customer("carol", "Other", "13900008321")
    stranger = page.post(url, {**again, "point_id": str(point_of(house, other, "mobile"))})
    assert stranger.status_code == 422
    assert "Only landline numbers of this customer" in stranger.text
    assert 'aria-invalid="true"' in stranger.text
    assert page.post(f"/calls/blocks/{other.id}/remove", {"block_id": str(block.id)}).status_code == 404
    assert page.post(f"{url}/remove", {"block_id": str(block.id)}).status_code == 303
    assert "0571****00xx" not in page.get(url).text


def test_a_switchboard_that_was_chosen_stays_chosen_when_its_numbers_go(house):
    customer = switchboard(house, "carol", "Qiheng Consulting")
    box = house.agent(("1", "carol"))
    box.ring(INSIDE)
    with house.runtime.database.system_session("chosen") as session:
        session.execute(update(Call).values(customer_id=customer.id))
        session.delete(session.scalars(select(Block)).one())
    assert f'href="/customers/{customer.id}"' in house.card("carol")
