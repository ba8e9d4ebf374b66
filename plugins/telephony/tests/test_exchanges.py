"""Exchanges that call our address, as JSON and as forms, in the words of the generic CTI interface and of sipgate.io."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from baton_plugins.telephony.models import Source
from sqlalchemy import update

MOBILE = "13900008321"


@pytest.fixture
def address(house):
    """Adds an exchange of a kind and returns its address, which the page shows once."""

    def add(kind: str) -> str:
        page = house.page("admin")
        made = page.post("/settings/telephony/sources", {"kind": kind, "name": "PBX"}).text
        url = made.partition('readonly value="')[2].partition('"')[0]
        assert url.startswith("http")
        return "/" + url.split("/", 3)[3]

    return add


def test_a_call_to_a_group_as_form_and_json(house, address):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    url = address("webhook")
    new = {"event": "newCall", "callId": "k1", "direction": "in", "from": f"86{MOBILE}", "to": "862162345678"}
    form = {**new, "user[]": ["101", "102"]}
    for _again in range(2):
        answer = house.browser.request("POST", url, data=form)
        assert (answer.status_code, answer.json()) == (200, {})
    assert "Qiheng Consulting" in house.card("carol")
    assert house.rings() == {"carol": "ringing", "otto": "ringing"}
    answered = {"event": "answer", "callId": "k1", "direction": "in", "answeringNumber": "102", "user": ["101", "102"]}
    assert house.browser.request("POST", url, json=answered).status_code == 200
    assert house.rings() == {"carol": "elsewhere", "otto": "answered"}
    ended = {"event": "hangup", "callId": "k1", "cause": "normalClearing", "direction": "in"}
    house.browser.request("POST", url, json=ended)
    house.browser.request("POST", url, json={"event": "dtmf", "callId": "k1", "dtmf": "1"})
    (call,) = house.calls()
    assert (call.state, call.answered_by_label, call.cause) == ("talked", "Otto", "normalClearing")


def test_sipgate_is_asked_for_the_rest_of_the_call(house, address):
    url = address("sipgate")
    new = {
        "event": "newCall",
        "callId": "s1",
        "direction": "in",
        "from": "anonymous",
        "to": "49221",
        "userId[]": ["101"],
    }
    answer = house.browser.request("POST", url, data=new)
    root = ET.fromstring(answer.text)
    assert root.attrib["onAnswer"].endswith(url)
    assert root.attrib["onHangup"] == root.attrib["onAnswer"]
    assert answer.headers["content-type"].startswith("application/xml")
    assert house.calls()[0].withheld
    house.browser.request("POST", url, data={"event": "hangup", "callId": "s1", "cause": "cancel"})
    assert house.calls()[0].state == "missed"


def test_an_end_before_its_beginning_and_an_outgoing_call(house, address):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    url = address("webhook")
    house.browser.request(
        "POST", url, json={"event": "hangup", "callId": "o1", "direction": "out", "cause": "noAnswer"}
    )
    new = {"event": "newCall", "callId": "o1", "direction": "out", "from": "101", "to": MOBILE, "user": "101"}
    house.browser.request("POST", url, json=new)
    (call,) = house.calls()
    assert (call.direction, call.state, call.number_mask) == ("out", "unanswered", "139****8321")
    assert call.customer_id is not None


def test_strangers_and_nonsense_are_refused(house, address):
    url = address("webhook")
    body = {"event": "newCall", "callId": "x", "from": MOBILE}
    assert house.browser.request("POST", url[:-4] + "AAAA", json=body).status_code == 401
    for content in (b"[]", b"{", b'{"event": "newCall"}', b"\xff\xfe"):
        headers = {"content-type": "application/json"}
        assert house.browser.request("POST", url, content=content, headers=headers).status_code == 422
    with house.runtime.database.system_session("revoke") as session:
        session.execute(update(Source).values(token_digest=None))
    assert house.browser.request("POST", url, json=body).status_code == 401
    assert house.calls() == []
