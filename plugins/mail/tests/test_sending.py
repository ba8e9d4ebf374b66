"""Mail through a real server: what arrives, what is tried again, and of what nobody knows whether it arrived."""

from __future__ import annotations

import email
import threading
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.utils import parseaddr
from uuid import UUID

import pytest
from baton_plugins.mail import writing
from baton_plugins.mail.smtp import Smtp

from platform_core.api import Invalid, new_id
from platform_core.api.messages import BadValue, Letter, NotSent, Parcel
from platform_core.testing.mailserver import drop
from platform_core.testing.waiting import wait_until

WAYS = ["starttls", "tls", "none"]


@pytest.mark.parametrize("server", WAYS, indirect=True)
def test_it_arrives_once_with_our_reference(post, server):
    post.put(subject="下周的培训安排，请确认", name="王小明")
    assert post.work() == 1
    assert post.work() == 0
    (mail,) = server.mails()
    row = post.messages()["one"]
    assert row.state == "sent"
    assert mail["message-id"] == f"<{row.ref}@house.example>"
    assert mail["subject"] == "下周的培训安排，请确认"
    assert mail["from"].addresses[0] == Address("接力 CRM", "crm", "house.example")
    assert mail["to"].addresses[0] == Address("王小明", "li", "house.example")
    assert mail["auto-submitted"] == "auto-generated"
    assert mail.get_content().strip() == "Hello"
    assert server.taken[0].mail_from == "crm@house.example"
    assert server.taken[0].original_content.isascii()


def test_a_calendar_goes_along_as_another_form_of_the_text(post, server):
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX-NOTE:培训\r\nEND:VCALENDAR\r\n"
    post.put(calendar=calendar, method="REQUEST", reply_to="carol@house.example")
    post.work()
    (mail,) = server.mails()
    assert mail.get_content_type() == "multipart/alternative"
    plain, ics = mail.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert ics.get_content_type() == "text/calendar"
    assert ics["content-type"].params["method"] == "REQUEST"
    assert ics["content-type"].params["charset"] == "utf-8"
    assert ics.get_payload(decode=True).decode() == calendar
    assert mail["reply-to"] == "carol@house.example"


def test_one_connection_serves_several(post, server):
    for number in range(5):
        post.put(f"mail {number}")
    assert post.work() == 5
    assert len(server.taken) == 5
    assert server.connections == 2, "before and after STARTTLS"


def test_a_kept_connection_that_is_gone_is_opened_anew(post, server):
    post.put("first")
    post.work()
    server.stop()
    server.start()
    post.put("second")
    assert post.work() == 1
    assert {row.state for row in post.messages().values()} == {"sent"}


def test_a_wrong_password_is_no_mails_fault(post, server):
    post.account(password="wrong")
    post.put()
    post.work()
    assert post.messages()["one"].state == "queued"
    assert "535" in post.trouble()
    assert "wrong" not in post.trouble()
    post.account()
    post.due()
    post.work()
    assert post.messages()["one"].state == "sent"


@pytest.mark.parametrize(("told", "state", "reason"), [
    ("450 4.2.1 later <li@house.example>", "queued", "450 4.2.1"),
    ("550 5.1.1 no such <li@house.example>", "failed", "550 5.1.1"),
])  # fmt: skip
def test_what_the_server_says_of_a_recipient_counts(post, server, told, state, reason):
    server.to_recipient = lambda address: told if address.startswith("li@") else ""
    post.put()
    post.put("two", "wang@house.example")
    post.work()
    rows = post.messages()
    assert (rows["one"].state, rows["one"].reason) == (state, reason), "the address in the answer is not kept"
    assert rows["two"].state == "sent", "one bad address holds nobody else up"
    server.to_recipient = None
    post.due()
    post.work()
    assert len(server.taken) == (2 if state == "queued" else 1)


@pytest.mark.parametrize(("told", "state"), [("451 4.3.0 later", "queued"), ("554 5.6.0 spam", "failed")])
def test_what_the_server_says_of_the_text_counts(post, server, told, state):
    server.answer = lambda _server: told
    post.put()
    post.work()
    assert post.messages()["one"].state == state
    assert server.taken == []


def test_after_the_text_without_an_answer_nobody_knows_and_nothing_is_sent_again(post, server):
    server.answer = drop
    post.put()
    post.work()
    assert len(server.taken) == 1, "it was there"
    post.work()
    assert post.messages()["one"].state == "unknown"
    server.answer = None
    post.due()
    post.work()
    assert len(server.taken) == 1


def test_a_server_that_is_down_loses_nothing(post, server):
    server.stop()
    post.put()
    post.work()
    assert (post.messages()["one"].state, server.taken) == ("queued", [])
    assert post.trouble() == "ConnectionRefusedError"
    server.start()
    post.due()
    post.work()
    assert post.messages()["one"].state == "sent"
    assert post.trouble() == ""


def test_a_foreign_certificate_gets_no_mail(post, server, tmp_path):
    post.account(authority="")
    post.put()
    post.work()
    assert "certificate" in post.trouble()
    assert server.taken == []
    post.account(host="localhost")  # the certificate is of the number
    post.due()
    post.work()
    assert "certificate" in post.trouble()


@pytest.mark.parametrize("server", ["none"], indirect=True)
def test_without_starttls_nothing_is_sent_where_it_is_demanded(post, server):
    post.account(security="starttls")
    post.put()
    post.work()
    assert "STARTTLS" in post.trouble()
    assert server.taken == []


def test_several_at_once_get_a_connection_each(post, server):
    gateway = Smtp(server.config())
    parcels = [Parcel(new_id(), f"p{number}@house.example", "Hello", letter=Letter("News")) for number in range(8)]
    threads = [threading.Thread(target=gateway.send, args=(parcel,)) for parcel in parcels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    gateway.close()
    assert {one.rcpt_tos[0] for one in server.taken} == {parcel.address for parcel in parcels}


@pytest.mark.any_database
def test_the_check_signs_in_and_names_what_is_wrong(server):
    assert Smtp(server.config()).health().startswith(f"127.0.0.1:{server.port} TLSv1")
    with pytest.raises(NotSent, match="user name or password"):
        Smtp(server.config(password="wrong")).health()
    wait_until(lambda: server.connections >= 2)


@pytest.mark.any_database
@pytest.mark.parametrize(("name", "value"), [
    ("host", "mail house"), ("host", "a\r\nb"), ("port", "0"), ("port", "99999"), ("port", "９"), ("port", "x"),
    ("sender", "nobody"), ("sender", "a@b.example\r\nBcc: c@d.example"), ("sender", "李@house.example"),
    ("sender_name", "CRM\r\nBcc: c@d.example"), ("password", ""), ("password", "密码"), ("authority", "/nowhere.pem"),
])  # fmt: skip
def test_what_cannot_be_right_is_said_at_its_field(server, name, value):
    with pytest.raises(BadValue) as caught:
        Smtp(server.config(**{name: value}))
    assert caught.value.name == name


@pytest.mark.any_database
def test_without_encryption_only_to_this_machine(server):
    with pytest.raises(BadValue) as caught:
        Smtp(server.config(security="none", host="mail.example"))
    assert caught.value.name == "security"
    Smtp(server.config(security="none", host="::1")).close()


@pytest.mark.parametrize("field", ["subject", "name", "reply_to", "method"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
def test_a_second_header_is_refused_before_it_is_put_in(post, field, end):
    with pytest.raises(Invalid):
        post.put(**{field: f"a{end}Bcc: all@house.example"})
    assert post.messages() == {}


@pytest.mark.parametrize("address", ["", "li", "li@house", "li@house.example\r\nRCPT TO:<x@y.zz>", "a@b.cc,d@e.ff",
                                     "李@house.example", f"{'a' * 120}@house.example"])  # fmt: skip
def test_what_is_no_address_is_refused(post, address):
    with pytest.raises(Invalid):
        post.put(address=address)


@pytest.mark.any_database
@pytest.mark.parametrize("name", [
    '王, 小明 "启衡"', "Müller, Jörg; Vertrieb <Leitung>", "与启衡咨询商定三月的培训安排，并确认讲师、场地和名单" * 3,
    "plain", "a" * 150, "李娜, 王芳, 赵敏",
])  # fmt: skip
def test_names_of_any_kind_stay_one_name(name):
    ref = UUID(int=7)
    raw = writing.compose(
        Parcel(ref, "li@house.example", "第一行\n.\n第三行"), Letter(name, name), Address(name, "crm", "house.example")
    )
    mail = email.message_from_bytes(raw)
    # By the older reader: the newer one of this Python puts spaces between the words of a long name.
    for header, address in (("to", "li@house.example"), ("from", "crm@house.example")):
        read, found = parseaddr(mail[header])
        assert (str(make_header(decode_header(read))), found) == (name, address)
    assert str(make_header(decode_header(mail["subject"]))) == name
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert mail.get_payload(decode=True).decode().replace("\r\n", "\n") == "第一行\n.\n第三行\n"
