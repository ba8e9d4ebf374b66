"""Sending one message from a customer's page, what comes of it, and accounts."""

from __future__ import annotations

import html
import re
from uuid import UUID

import msgspec
import pytest
from baton_plugins.sms import drivers, queries
from baton_plugins.sms.models import Reply, Template
from sqlalchemy import select

from platform_core.api import new_id, now, service_of
from platform_core.api.messages import SMS_SENDER, SMS_TEXTS, Addressee, OutboxAccount, Sms, establish_account
from platform_core.customers import contacts, points
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Customer
from platform_core.outbox.accounts import callback_url, config_of
from platform_core.outbox.models import Exclusion, Message
from platform_core.outbox.services import content_of
from platform_core.privacy.models import Consent, Suppression


@pytest.fixture
def page(shop, browser):
    return browser.sign_in(shop.user)


def form(shop, **changes):
    given = {
        "customer_id": str(shop.customer.id),
        "point_id": str(shop.point_id),
        "purpose": "service",
        "text": "您好，{sender}回访。",
    }
    return {**given, "sending": "once", "act": "send", **changes}


def test_it_is_looked_at_sent_once_and_stands_with_the_customer(shop, page) -> None:
    assert "Send a text message" in page.get(f"/customers/{shop.customer.id}").text
    blank = page.get(f"/sms/new?customer={shop.customer.id}").text
    assert "138****8000" in blank
    assert "13800138000" not in blank
    seen = page.post("/sms", form(shop, act="preview")).text
    assert "您好，Li Na回访。" in seen
    assert "1 part" in seen
    assert "0.05 yuan" in seen
    with shop.runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Message)).all() == [], "looking sends nothing"
    assert page.post("/sms", form(shop)).status_code == 303
    assert "sent already" in page.post("/sms", form(shop)).text
    waiting = page.get(f"/sms/of/{shop.customer.id}").text
    assert "Text message to 138****8000" in waiting
    assert "Take back" in waiting
    shop.work()
    done = page.get(f"/sms/of/{shop.customer.id}").text
    assert "您好，Li Na回访。" in done
    assert "Take back" not in done
    assert shop.message().state == "sent"


def test_the_signature_of_the_account_is_in_the_price(shop, page) -> None:
    with shop.runtime.database.system_session("test") as session:
        account = session.get(OutboxAccount, shop.account_id)
        signed = msgspec.json.encode({**config_of(session, account), "signature": "启衡咨询"})
        account.config = shop.runtime.vault.encrypt_bytes(signed)
    for length, parts, cost in ((64, "1 part", "0.05 yuan"), (65, "2 parts", "0.10 yuan")):
        seen = page.post("/sms", form(shop, text="字" * length, act="preview")).text
        assert parts in seen
        assert cost in seen
    assert page.post("/sms", form(shop, text="字" * 65)).status_code == 303
    assert shop.message().parts == 2


def test_older_messages_are_a_page_away(shop, page, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    words = ("Third word", "Second word", "First word")
    for text in reversed(words):
        page.post("/sms", form(shop, text=text, sending=text))
    newest = page.get(f"/sms/of/{shop.customer.id}").text
    assert [text in newest for text in words] == [True, True, False]
    older = page.get(html.unescape(re.findall(r'rel="next" href="([^"]+)"', newest)[0])).text
    assert [text in older for text in words] == [False, False, True]
    assert 'rel="next"' not in older


def test_it_can_be_taken_back_while_it_waits(shop, page) -> None:
    page.post("/sms", form(shop))
    url = f"/sms/{shop.message().id}/cancel"
    assert page.post(url, {}).status_code == 303
    assert shop.work() == 0
    assert shop.message().state == "cancelled"
    assert page.post(url, {}).status_code == 409


def test_who_has_not_agreed_is_not_sent_advertising(shop, page) -> None:
    advert = form(shop, purpose="marketing", text="新课优惠，拒收请回复R")
    assert "has not agreed" in page.post("/sms", {**advert, "act": "preview"}).text
    refused = page.post("/sms", advert)
    assert refused.status_code == 422
    assert "must end" not in refused.text
    assert "has to end with" in page.post("/sms", {**advert, "text": "新课优惠", "act": "preview"}).text


def _use(shop, driver, **config) -> None:
    with shop.runtime.database.system_session("test") as session:
        account = session.get(OutboxAccount, shop.account_id)
        account.driver, account.config = driver, shop.runtime.vault.encrypt_bytes(msgspec.json.encode(config))
        account.revision += 1


def test_a_number_abroad_is_looked_at_as_its_own_carrier_has_it(shop, page) -> None:
    """Its parts, its price and whether anybody carries messages there at all."""
    with shop.runtime.database.system_session("test") as session:
        point = points.add(session, customer_id=shop.customer.id, kind="mobile", text="+447911123456")
        session.get(OutboxAccount, shop.account_id).serves = ["service.cn"]
    far = form(shop, point_id=str(point.id), text="x" * 160, act="preview")
    assert "No account is set up for this yet" in page.post("/sms", far).text
    with shop.runtime.database.system_session("test") as session:
        away = establish_account(session, drivers.TRIAL, "away", {"file": ""})
        away.serves, away.cents = ["service.abroad"], 33
    seen = page.post("/sms", far).text
    assert [words in seen for words in ("No account is set up", "1 part", "0.33 yuan")] == [False, True, True]
    near = page.post("/sms", form(shop, text="x" * 160, act="preview")).text
    assert "3 parts" in near
    assert "0.15 yuan" in near


def test_who_is_left_alone_is_told_before_it_is_sent(shop, page) -> None:
    advert = form(shop, purpose="marketing", text="新课优惠，拒收请回复R")
    with shop.runtime.database.system_session("test") as session:
        agreed = {"channel": "sms", "purpose": "marketing", "given": True, "source": "form", "at": now()}
        session.add(Consent(id=new_id(), customer_id=shop.customer.id, **agreed))
        session.add(Exclusion(id=new_id(), customer_id=shop.customer.id, occasion="birthday", reason=b""))
    assert "to be left alone" not in page.post("/sms", {**advert, "act": "preview"}).text
    with shop.runtime.database.system_session("test") as session:
        session.add(Exclusion(id=new_id(), customer_id=shop.customer.id, reason=b""))
    seen = page.post("/sms", {**advert, "act": "preview"}).text
    assert ("to be left alone" in seen, 'value="send"' in seen) == (True, False)
    assert page.post("/sms", advert).status_code == 422
    assert 'value="send"' in page.post("/sms", form(shop, act="preview")).text, "what was asked for is still sent"
    with shop.runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Message)).all() == []


def test_a_provider_of_approved_texts_is_asked_for_no_other(shop, page, runtime) -> None:
    """Such a message would wait for two days and then be too late."""
    _use(shop, "sms.aliyun", key="k", secret="s", signature="启衡咨询")
    body = "{contact}您好，请准时到场。"
    refused = page.post("/sms", form(shop, text="您好，请准时到场。"))
    assert (refused.status_code, "approved templates only" in refused.text) == (422, True)
    given = {"name": "Invitation", "text": body, "purpose": "service", "active": "1"}
    page.post("/settings/sms-templates/new", given)
    with runtime.database.system_session("test", write=False) as session:
        template = session.scalars(select(Template)).one()
        write = service_of(session, SMS_TEXTS).writer(session, template.id, "")
        assert write(Addressee("Li", "person", "")) == "template"
    told = form(shop, text=body, template_id=str(template.id))
    with runtime.database.system_session("test") as session:
        session.get(Customer, shop.customer.id).contact_name = "Li"
    assert page.post("/sms", told).status_code == 422, "its code is not there yet"
    page.post(f"/settings/sms-templates/{template.id}", {**given, "code_sms.aliyun": "SMS_1"})
    assert page.post("/sms", {**told, "text": f"{body}!"}).status_code == 422
    with runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Message)).all() == []
    assert page.post("/sms", told).status_code == 303
    with runtime.database.system_session("test", write=False) as session:
        write = service_of(session, SMS_TEXTS).writer(session, template.id, "")
        assert write(Addressee("Li", "person", "")).templates["sms.aliyun"][0] == "SMS_1"


def test_only_who_may_send_to_this_customer_does(shop, browser, factory) -> None:
    other = browser.sign_in(factory.user("coordinator"))
    assert other.get(f"/sms/new?customer={shop.customer.id}").status_code == 404
    assert other.post("/sms", form(shop)).status_code == 404
    looker = factory.user("finance")
    assert browser.sign_in(looker).post("/sms", form(shop)).status_code == 403


def test_a_template_is_taken_over_and_its_code_goes_along_only_unchanged(shop, page, runtime) -> None:
    body = "您好，{sender}回访。"
    given = {"name": "Visit", "text": body, "purpose": "service", "active": "1", "code_sms.aliyun": "SMS_1"}
    assert page.post("/settings/sms-templates/new", given).status_code == 303
    assert "There is a template of this name." in page.post("/settings/sms-templates/new", given).text
    assert "Nothing fills" in page.post("/settings/sms-templates/new", {**given, "name": "x", "text": "{phone}"}).text
    with runtime.database.system_session("test", write=False) as session:
        template = session.scalars(select(Template)).one()
    assert template.codes == {"sms.aliyun": "SMS_1"}
    assert body in page.get(f"/sms/new?customer={shop.customer.id}&template={template.id}").text
    page.post("/sms", form(shop, template_id=str(template.id), text=body, sending="a"))
    page.post("/sms", form(shop, template_id=str(template.id), text=body + "!", sending="b"))
    with runtime.database.system_session("test", write=False) as session:
        found = [
            content_of(runtime.vault, row) for row in session.scalars(select(Message).order_by(Message.created_at))
        ]
    assert found[0]["templates"] == {"sms.aliyun": ["SMS_1", {"sender": "Li Na"}]}
    assert found[1]["templates"] == {}
    changed = page.post(f"/settings/sms-templates/{template.id}", {**given, "active": ""})
    assert changed.status_code == 303
    assert "Visit" not in page.get(f"/sms/new?customer={shop.customer.id}").text


def test_an_account_is_set_up_checked_and_tested(shop, browser, factory, runtime, tmp_path) -> None:
    admin = browser.sign_in(factory.user("system_admin"))
    url = "/settings/messages/accounts/new"
    assert "Kannel" in admin.get("/settings/messages").text
    bad = admin.post(url, {"driver": "sms.kannel", "name": "line", "config_url": "ftp://x", "config_username": "u"})
    assert bad.status_code == 422
    assert "Please fill this in." in bad.text
    file = tmp_path / "out.jsonl"
    given = {
        "driver": "sms.trial",
        "name": "to file",
        "config_file": str(file),
        "purposes": ["service"],
        "enabled": "1",
    }
    made = admin.post(url, {**given, "order": "1", "per_second": "20", "cents": "5", "region": "cn"})
    assert made.status_code == 303
    home = made.headers["location"]
    assert "/messages/told/" in admin.get(home).text
    assert "no mobile number" in admin.post(f"{home}/test", {"number": "123", "_key": "k1"}).text
    assert admin.post(f"{home}/test", {"number": "139 0000 1111", "_key": "k2"}).status_code == 303
    job = admin.post(f"{home}/health", {}).headers["location"]
    assert runtime.jobs.run(UUID(job.rpartition("/")[2]))
    assert "out.jsonl" in admin.get(job).text
    shop.work()
    assert "139****1111" in admin.get(home).text
    assert '"…1111"' in file.read_text()
    assert "13900001111" not in file.read_text()


def test_secrets_are_kept_when_left_empty_and_never_shown(browser, factory, runtime) -> None:
    admin = browser.sign_in(factory.user("system_admin"))
    given = {
        "driver": "sms.kannel",
        "name": "line",
        "config_url": "http://127.0.0.1:1",
        "config_username": "crm",
        "config_password": "very-secret",
    }
    rest = {"purposes": "service", "region": "cn", "order": "1", "per_second": "20", "cents": "5"}
    home = admin.post("/settings/messages/accounts/new", {**given, **rest}).headers["location"]
    assert "very-secret" not in admin.get(home).text
    admin.post(home, {**given, **rest, "config_password": "", "name": "line two"})
    with runtime.database.system_session("test", write=False) as session:
        account = session.scalars(select(OutboxAccount)).one()
        assert (account.name, config_of(session, account)["password"]) == ("line two", "very-secret")


def told(shop):
    with shop.runtime.database.system_session("test", write=False) as session:
        return callback_url("", shop.runtime.vault, session.get(OutboxAccount, shop.account_id))


def _kannel(shop) -> str:
    """The address for what its account hears."""
    config = {"url": "http://127.0.0.1:1", "username": "u", "password": "p", "signature": "", "sender": ""}
    _use(shop, "sms.kannel", **config)
    return told(shop)


def test_an_answer_of_a_contact_without_customer_is_kept_with_it(shop, page, browser, factory, runtime) -> None:
    """And goes along when the contact is given to a customer."""
    with runtime.database.actor_session(factory.actor(shop.user)) as session:
        contact = contacts.create(session, factory.actor(shop.user), ContactInput(name="Zhao Min", phone="13800138777"))
    asked = {"kind": "mo", "from": "+8613800138777", "text": "周五再联系", "id": "m7"}
    assert browser.get(_kannel(shop), params=asked).status_code == 200
    shop.work()
    seen = page.get(f"/sms/contacts/{contact.id}")
    assert ("周五再联系" in seen.text, "13800138777" in seen.text) == (True, False)
    assert "Zhao Min has answered a message." in page.get("/notifications").text
    assert browser.sign_in(factory.user("coordinator")).get(f"/sms/contacts/{contact.id}").status_code == 404
    with runtime.database.actor_session(factory.actor(shop.user)) as session:
        contacts.attach(session, factory.actor(shop.user), contact.id, shop.customer.id)
    assert "周五再联系" in page.get(f"/sms/of/{shop.customer.id}").text
    moved = page.get(f"/sms/contacts/{contact.id}")
    assert (moved.status_code, moved.headers["location"]) == (303, f"/sms/of/{shop.customer.id}")


def test_an_answer_lands_with_its_customer_and_an_opt_out_counts_at_once(shop, page, browser, runtime) -> None:
    page.post("/sms", form(shop))
    shop.work()
    url = _kannel(shop)
    for key, text in (("m1", "周四可以"), ("m1", "周四可以"), ("m2", " ｔｄ ")):
        assert (
            browser.get(url, params={"kind": "mo", "from": "+8613800138000", "text": text, "id": key}).status_code
            == 200
        )
    shop.work()
    with runtime.database.system_session("test", write=False) as session:
        replies = session.scalars(select(Reply).order_by(Reply.at)).all()
        assert sorted((reply.text, reply.opted_out, reply.customer_id) for reply in replies) == sorted(
            [("周四可以", False, shop.customer.id), (" ｔｄ ", True, shop.customer.id)]
        )
        assert len(session.scalars(select(Suppression)).all()) == 1
    seen = page.get(f"/sms/of/{shop.customer.id}").text
    assert "周四可以" in seen
    assert "Wants no more messages" in seen
    assert "13800138000" not in seen
    assert (
        "does not want" in page.post("/sms", form(shop, purpose="survey", text="调查，拒收请回复R", act="preview")).text
    )
    assert "Harbour Ltd wants no more messages." in page.get("/notifications").text


def test_other_plugins_send_by_meaning(shop, factory, runtime) -> None:
    actor = factory.actor(shop.user)
    with runtime.database.actor_session(actor) as session:
        send = service_of(session, SMS_SENDER)
        given = Sms("greet:1:2026", shop.customer.id, shop.point_id, "生日快乐", purpose="greeting")
        assert send(session, actor, given) is not None
        assert send(session, actor, given) is None
        assert session.get(Customer, shop.customer.id) is not None
    assert (shop.message().lane, shop.message().owner) == ("bulk", "sms")
