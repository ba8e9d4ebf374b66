"""Phrases: whose they are, what they reveal, how they are found, and the way back."""

from __future__ import annotations

import pytest
from baton_plugins.activities.phrases import filling, queries, services
from baton_plugins.activities.phrases.services import PhraseInput, TakeInput

from platform_core.api import Contact, Forbidden, Invalid, NotFound, new_id, speaking
from platform_core.testing.browser import Browser


def make(house, name: str, title: str, text: str = "Sent the brochure.", **fields):
    with house.as_(name) as (session, actor):
        return services.create(session, actor, PhraseInput(name=title, text=text, **fields))


def found(house, name: str, piece: str = "") -> list[str]:
    with house.as_(name) as (session, actor):
        return [phrase.name for phrase in queries.suggested(session, actor, piece)]


def take(house, name: str, phrase, **fields) -> str:
    with house.as_(name) as (session, actor):
        about = TakeInput(**{"customer_id": house.customer.id, **fields})
        return services.take(session, actor, phrase.id, about)


@pytest.fixture
def shared(house):
    """One of Carol's own, one of her department, one of the house."""
    department = house.departments["collect"].id
    return {
        "own": make(house, "collector", "own"),
        "department": make(house, "collect_head", "department", reach="department", place_id=department),
        "house": make(house, "manager", "house", reach="all"),
    }


def test_everybody_finds_their_own_their_departments_and_the_houses(house, shared):
    assert found(house, "collector") == ["department", "house", "own"]
    assert found(house, "other_collector") == ["department", "house"]
    assert found(house, "trainer") == ["house"]
    for phrase in (shared["own"], shared["department"]):
        with pytest.raises(NotFound), house.as_("trainer") as (session, actor):
            queries.get(session, actor, phrase.id)


def test_who_may_not_share_is_told_whom_to_ask(house):
    with pytest.raises(Invalid) as refused:
        make(house, "collector", "mine", reach="all")
    assert "Ask your department head" in refused.value.fields["reach"]


def test_only_whoever_keeps_it_or_may_share_so_far_changes_it(house, shared):
    data = PhraseInput(name="other", text="Other words.", reach="all")
    with pytest.raises(Forbidden, match="Max's"), house.as_("collector") as (session, actor):
        services.change(session, actor, shared["house"].id, data)
    with house.as_("manager") as (session, actor):
        assert services.change(session, actor, shared["house"].id, data).name == "other"


def test_places_are_filled_for_a_customer_that_one_sees(house):
    text = "Sent {customer} the list; {contact} answers, says {sender}."
    phrase = make(house, "manager", "list", text, reach="all")
    contact = Contact(id=new_id(), customer_id=house.customer.id, name="Ms Wu")
    filled = "Sent Qiheng Consulting the list; Ms Wu answers, says Carol."
    stranger = house.factory.customer(house.people["trainer"], name="Unseen Ltd")
    with pytest.raises(NotFound):
        take(house, "collector", phrase, customer_id=stranger.id)
    elsewhere = Contact(id=new_id(), customer_id=stranger.id, name="Mr Unseen")
    house.factory.add(contact, elsewhere)
    assert take(house, "collector", phrase, contact_id=contact.id) == filled
    assert "Unseen" not in take(house, "collector", phrase, contact_id=elsewhere.id)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Call {phone}", "Nothing fills {phone}."), ("{}", "Nothing fills {}."),
        ("Call {customer", "without its other half"), ("Call customer}", "without its other half"),
    ],
)  # fmt: skip
def test_what_nothing_fills_is_refused_at_the_text(house, text, told):
    with speaking("en"), pytest.raises(Invalid) as refused:
        make(house, "collector", "phone", text)
    assert list(refused.value.fields) == ["text"]
    assert told in refused.value.fields["text"]


def test_what_somebody_takes_most_comes_first_for_them(house, shared):
    for _time in range(2):
        take(house, "collector", shared["own"])
    take(house, "collector", shared["house"])
    assert found(house, "collector") == ["own", "house", "department"]
    assert found(house, "other_collector") == ["department", "house"]


def test_they_are_found_by_characters_pinyin_and_initials(house):
    make(house, "collector", "\u8d44\u6599\u5df2\u53d1")
    for piece in ("zl", "ziliao", "\u8d44\u6599", "\u5df2\u53d1"):
        assert found(house, "collector", piece) == ["\u8d44\u6599\u5df2\u53d1"]
    assert found(house, "collector", "nothing") == []


def test_a_text_about_a_customer_becomes_a_phrase_about_none():
    known = {"customer": "Qiheng Consulting", "contact": "Qiheng", "sender": ""}
    text = filling.emptied("Qiheng Consulting agrees; call Qiheng.", known)
    assert text == "{customer} agrees; call {contact}."
    assert filling.filled(text, {**known, "contact": ""}) == "Qiheng Consulting agrees; call {contact}."


def test_the_page_the_dialog_and_the_way_back(house, browser: Browser, count_queries):
    carol = browser.sign_in(house.people["collector"])
    assert "There are no phrases yet" in carol.get("/phrases").text
    asked = {"customer_id": str(house.customer.id), "body": "Qiheng Consulting wants the list by Friday."}
    dialog = carol.post("/phrases/new", asked, htmx=True)
    assert "{customer} wants the list by Friday." in dialog.text
    assert "Qiheng" not in dialog.text
    typed = {"name": "list", "text": "{customer} wants the list by Friday.", "reach": "private", "from": "composer"}
    saved = carol.post("/phrases", typed, htmx=True)
    assert "/list puts it in" in saved.text
    assert saved.headers["hx-trigger"] == "dialog-close"
    refused = carol.post("/phrases", {**typed, "text": "Ring {phone}"}, htmx=True)
    assert refused.status_code == 422
    assert "Nothing fills {phone}." in refused.text
    assert "Ring {phone}" in refused.text
    with count_queries(at_most=12):
        page = carol.get("/phrases")
    assert "wants the list" in page.text
    (offered,) = carol.get("/phrases/suggested?q=li").json()
    one = offered["take"].removesuffix("/take")
    taken = carol.post(offered["take"], {"customer_id": str(house.customer.id)})
    assert taken.json() == {"text": "Qiheng Consulting wants the list by Friday."}
    assert carol.post(f"{one}/remove", {}).status_code == 303
    assert carol.get("/phrases/suggested?q=li").json() == []
    assert carol.post(offered["take"], {"customer_id": str(house.customer.id)}).status_code == 404
    carol.post(f"{one}/restore", {})
    assert carol.get("/phrases/suggested?q=li").json() == [offered]


def test_somebody_elses_change_in_the_meantime_is_said_and_the_words_stay(house, browser: Browser):
    phrase = make(house, "collector", "list")
    carol = browser.sign_in(house.people["collector"])
    typed = {"name": "list", "text": "First words.", "reach": "private", "version": str(phrase.version)}
    assert carol.post(f"/phrases/{phrase.id}", typed).status_code == 303
    late = carol.post(f"/phrases/{phrase.id}", {**typed, "text": "Late words."}, htmx=True)
    assert late.status_code == 409
    assert "Somebody has changed this phrase" in late.text
    assert "Late words." in late.text


def test_without_the_right_to_write_there_are_none(house, browser: Browser):
    assert browser.sign_in(house.people["finance"]).get("/phrases").status_code == 403
