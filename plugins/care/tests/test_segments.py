"""Which template somebody is greeted with: the most specific one, and the page says which and why."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from baton_plugins.care import services
from baton_plugins.care.models import TagWording
from sqlalchemy import select

from platform_core.api import Customer, CustomerTag, Tag, at_local, new_id
from platform_core.api.messages import OutboxMessage
from platform_core.kernel.clock import freeze

DAY = date(2026, 9, 25)
"""Mid-Autumn Festival, 8-15 of the lunar year"""


@pytest.fixture
def texts(house, browser) -> dict[str, str]:
    """Name -> id of templates whose text begins with their name."""
    page = browser.sign_in(house.user)
    for name in ("plain", "class", "graded", "tagged"):
        given = {"name": name, "text": f"{name}：祝您节日快乐！拒收请回复R", "purpose": "greeting", "active": "1"}
        assert page.post("/settings/sms-templates/new", given).status_code == 303
    with house.runtime.database.system_session("test", write=False) as session:
        return {name: key for key, name in services.templates(session)}


@pytest.fixture
def tag(house) -> UUID:
    made = Tag(id=new_id(), name="VIP")
    with house.runtime.database.system_session("test") as session:
        session.add(made)
    return made.id


def kept(house) -> str:
    with house.runtime.database.system_session("test", write=False) as session:
        found = next(item for item in services.every(session) if item.code == "mid_autumn")
        return f"/settings/care/{found.id}"


def sent(house) -> dict[str, str]:
    """Customer -> first word of what it gets."""
    with house.runtime.database.system_session("test", write=False) as session:
        rows = session.execute(
            select(Customer.name, OutboxMessage.content).join(Customer, Customer.id == OutboxMessage.customer_id)
        ).all()
    words = ("plain", "class", "graded", "tagged")
    told = {name: house.runtime.vault.decrypt_bytes(content).decode() for name, content in rows}
    return {name: next(word for word in words if word in text) for name, text in told.items()}


def test_the_most_specific_one_is_taken_and_the_preview_says_which(house, texts, tag, browser, count_queries) -> None:
    house.customer("nobody special", "13900000051")
    house.customer("potential one", "13900000052", classification="potential", grade="")
    house.customer("of grade B", "13900000053", classification="potential", grade="B")
    marked = house.customer("with a tag", "13900000054", classification="potential", grade="B")
    with house.runtime.database.system_session("test") as session:
        session.add(CustomerTag(customer_id=marked, tag_id=tag))
        plain = session.scalars(select(Customer).where(Customer.name == "nobody special")).one()
        plain.classification = plain.grade = ""
    page, url = browser.sign_in(house.user), kept(house)
    given = {"name": "Mid-Autumn", "active": "1", "hour": "9", "order": "30", "text_": texts["plain"]}
    chosen = {"text_grade:B": texts["graded"], "text_classification:potential": texts["class"]}
    alone = page.post(url, {**given, **chosen, "new_tag": str(tag)})
    assert (alone.status_code, "Choose both" in alone.text) == (422, True)
    assert f'value="{tag}" selected' in alone.text
    wrong = {"new_tag": str(new_id()), "new_text": texts["tagged"]}
    assert page.post(url, {**given, **wrong}).status_code == 422
    assert page.post(url, {**given, **chosen, "new_tag": str(tag), "new_text": texts["tagged"]}).status_code == 303
    shown = page.get(url).text
    assert f'name="text_tag:{tag}"' in shown
    assert "the most specific one is taken" in shown
    with freeze(at_local(DAY - timedelta(days=1), 9)):
        page.get("/care/")
        with count_queries(at_most=12):
            week = page.get(f"/care/day?on={DAY}").text
    whom = ("Everybody else", "classification ", "grade ", "tag VIP")
    assert [f"template: {words}" in week for words in whom] == [True] * 4
    house.night()
    assert sent(house) == {
        "nobody special": "plain", "potential one": "class", "of grade B": "graded", "with a tag": "tagged",
    }  # fmt: skip
    assert page.post(url, {**given, **chosen}).status_code == 303, "a tag's template is taken away"
    with house.runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(TagWording.tag_id)).all() == []


@pytest.mark.any_database
def test_without_a_template_for_everybody_the_others_get_nothing(house, texts, tag, browser) -> None:
    house.customer("of grade B", "13900000053", grade="B")
    marked = house.customer("with a tag", "13900000054", grade="C")
    house.customer("of grade C", "13900000055", grade="C", classification="")
    with house.runtime.database.system_session("test") as session:
        session.add(CustomerTag(customer_id=marked, tag_id=tag))
    given = {"name": "Mid-Autumn", "active": "1", "hour": "9", "order": "30"}
    chosen = {"text_grade:B": texts["graded"], "new_tag": str(tag), "new_text": texts["tagged"]}
    assert browser.sign_in(house.user).post(kept(house), {**given, **chosen}).status_code == 303
    house.night()
    assert sent(house) == {"of grade B": "graded", "with a tag": "tagged"}
