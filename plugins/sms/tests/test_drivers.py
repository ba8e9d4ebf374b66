"""What each driver makes of its provider's answers and callbacks, against a server that speaks like the provider."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from baton_plugins.sms import signing
from baton_plugins.sms.drivers import ALIYUN, KANNEL, TENCENT, TRIAL, TWILIO

from platform_core.api.messages import Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

REF = UUID("01a205fd-9752-7b8d-ba61-cadfc9018151")
PARCEL = Parcel(REF, "+8613800138000", "您好", "SMS_1", {"name": "张伟"}, callback_url="http://crm.test/told")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class Wire:
    """The provider: answers with what a test has laid out, in order, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = []
        self.opened: list[object] = []
        self.asked: list[tuple[str, dict[str, str], bytes, dict[str, str]]] = []
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                wire.asked.append(
                    (parts.path, query, body, {key.lower(): value for key, value in self.headers.items()})
                )
                status, told = wire.answers.pop(0)
                sent = told.encode() if isinstance(told, str) else json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST  # noqa: N815  the name that the server looks for

            def log_message(self, *_parts: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    for found in made.opened:
        found.close()
    made.server.shutdown()
    made.server.server_close()


def gateway(driver, wire):
    config = {
        "sms.kannel": {"url": wire.url, "username": "crm", "password": "pw", "sender": "10690001", "signature": "启衡"},
        "sms.aliyun": {"key_id": "k", "secret": "s", "signature": "启衡", "endpoint": wire.url},
        "sms.tencent": {
            "secret_id": "k",
            "secret_key": "s",
            "app_id": "1",
            "signature": "启衡",
            "region": "r",
            "endpoint": wire.url,
        },
        "sms.twilio": {"account": "AC1", "token": "t", "sender": "+15550001111", "endpoint": wire.url},
    }
    wire.opened.append(driver.open(config[driver.name]))
    return wire.opened[-1]


def tencent(**told):
    return {"Response": {"SendStatusSet": [{"Code": "Ok", "Message": "", "SerialNo": "n1", "Fee": 1, **told}]}}


@pytest.mark.parametrize(
    ("driver", "status", "told", "becomes"),
    [
        (KANNEL, 202, "0: Accepted for delivery", Taken()),
        (KANNEL, 403, "Authorization failed", Rejected),
        (KANNEL, 503, "Temporal failure, try again later.", NotSent),
        (KANNEL, 500, "?", Exception),
        (ALIYUN, 200, {"Code": "OK", "BizId": "b1"}, Taken("b1")),
        (ALIYUN, 200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "bad"}, Rejected),
        (ALIYUN, 200, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": ""}, NotSent),
        (ALIYUN, 200, {"Code": "isv.AMOUNT_NOT_ENOUGH", "Message": ""}, NotSent),
        (ALIYUN, 503, "", Exception),
        (ALIYUN, 429, "", NotSent),
        (ALIYUN, 200, "not json", Exception),
        (TENCENT, 200, tencent(), Taken("n1", 1)),
        (TENCENT, 200, tencent(Code="FailedOperation.TemplateIncorrectOrUnapproved"), Rejected),
        (TENCENT, 200, tencent(Code="LimitExceeded.PhoneNumberDailyLimit"), NotSent),
        (TENCENT, 200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}, NotSent),
        (TWILIO, 201, {"sid": "SM1", "num_segments": "2"}, Taken("SM1", 2)),
        (TWILIO, 400, {"code": 21211, "message": "invalid To"}, Rejected),
        (TWILIO, 401, {"code": 20003, "message": "Authenticate"}, NotSent),
    ],
)
def test_an_answer_is_taken_refused_put_off_or_unknown(wire, driver, status, told, becomes) -> None:
    wire.answers.append((status, told))
    found = gateway(driver, wire)
    if isinstance(becomes, Taken):
        assert found.send(PARCEL) == becomes
    else:
        with pytest.raises(Exception) as error:  # noqa: PT011  which one is what is looked at
            found.send(PARCEL)
        known = (NotSent, Rejected)
        assert isinstance(error.value, becomes)
        assert becomes in known or not isinstance(error.value, known)
    assert len(wire.asked) == 1, "never asked twice"


@pytest.mark.parametrize("driver", [KANNEL, ALIYUN, TENCENT, TWILIO])
def test_nobody_there_means_not_sent_and_the_account_rests(wire, driver) -> None:
    found = gateway(driver, wire)
    wire.server.shutdown()
    wire.server.server_close()
    with pytest.raises(NotSent) as error:
        found.send(PARCEL)
    assert error.value.account_down


@pytest.mark.parametrize(
    ("driver", "told", "opted_out"),
    [
        (TWILIO, (400, {"code": 21610, "message": "unsubscribed"}), True),
        (TWILIO, (400, {"code": 21211, "message": "invalid"}), False),
        (TENCENT, (200, tencent(Code="FailedOperation.PhoneNumberInBlacklist")), True),
        (ALIYUN, (200, {"Code": "isv.BLACK_KEY_CONTROL_LIMIT", "Message": ""}), True),
    ],
)
def test_what_providers_know_of_opt_outs(wire, driver, told, opted_out) -> None:
    wire.answers.append(told)
    with pytest.raises(Rejected) as error:
        gateway(driver, wire).send(PARCEL)
    assert error.value.opted_out is opted_out


def test_what_is_asked_of_each(wire) -> None:
    for driver, answer in (
        (KANNEL, "0: ok"), (ALIYUN, {"Code": "OK", "BizId": "b"}), (TENCENT, tencent()), (TWILIO, {"sid": "S"}),
    ):  # fmt: skip
        wire.answers.append(({KANNEL: 202, TWILIO: 201}.get(driver, 200), answer))
        gateway(driver, wire).send(PARCEL)
    kannel, aliyun, told, twilio = wire.asked
    assert kannel[1] == {}, "nothing in the address"
    assert kannel[2].decode() == "【启衡】您好"
    assert (kannel[3]["x-kannel-to"], kannel[3]["x-kannel-coding"]) == ("+8613800138000", "2")
    assert kannel[3]["x-kannel-dlr-url"] == f"http://crm.test/told?kind=dlr&ref={REF}&type=%d&smsc=%F"
    assert (aliyun[1]["PhoneNumbers"], aliyun[1]["OutId"]) == ("13800138000", str(REF))
    assert json.loads(aliyun[1]["TemplateParam"]) == {"name": "张伟"}
    payload = json.loads(told[2])
    assert (payload["TemplateParamSet"], payload["SessionContext"]) == (["张伟"], str(REF))
    form = {name: values[0] for name, values in parse_qs(twilio[2].decode()).items()}
    assert form == {
        "To": "+8613800138000",
        "From": "+15550001111",
        "Body": "您好",
        "StatusCallback": f"http://crm.test/told?ref={REF}",
    }


@pytest.mark.parametrize("driver", [KANNEL, ALIYUN, TENCENT, TWILIO])
def test_the_log_hears_of_no_number(wire, driver, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in ((500, ""), (400, {"code": 1, "Code": "x", "Message": ""})):
            wire.answers.append(answer)
            with pytest.raises(Exception):  # noqa: B017, PT011  of whatever kind
                gateway(driver, wire).send(PARCEL)
    assert "13800138000" not in caplog.text


def test_aliyun_finds_a_message_by_our_reference(wire) -> None:
    found = gateway(ALIYUN, wire)
    other = {"OutId": "x", "SendStatus": 3}
    ours = {"OutId": str(REF), "SendStatus": 3, "ErrCode": "DELIVERED"}
    for rows in ([other, ours], [other]):
        wire.answers.append((200, {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}))
    assert found.find(REF, PARCEL.address, NOON).state == "delivered"
    assert found.find(REF, PARCEL.address, NOON) is None
    wire.answers.append((200, {"Code": "isp.SYSTEM_ERROR"}))
    with pytest.raises(RuntimeError):
        found.find(REF, PARCEL.address, NOON)


def test_twilio_can_only_say_that_nothing_was_sent_to_a_number(wire) -> None:
    found = gateway(TWILIO, wire)
    wire.answers += [(200, {"messages": []}), (200, {"messages": [{"sid": "SM9"}]})]
    assert found.find(REF, PARCEL.address, NOON) is None
    with pytest.raises(NotImplementedError):
        found.find(REF, PARCEL.address, NOON)


@pytest.mark.parametrize("driver", [KANNEL, TENCENT])
def test_some_cannot_be_asked(wire, driver) -> None:
    with pytest.raises(NotImplementedError):
        gateway(driver, wire).find(REF, PARCEL.address, NOON)


def raw(query=None, body="", url="http://crm.test/told", headers=None):
    return RawCallback("POST", url, query or {}, headers or {}, body)


def test_reports_and_replies_of_each(wire) -> None:
    kannel = gateway(KANNEL, wire)
    dlr = {"kind": "dlr", "ref": str(REF)}
    assert [kannel.read(raw({**dlr, "type": kind})) for kind in ("8", "1", "2", "16", "4")] == [
        [Receipt("sent", REF, "", "8")], [Receipt("delivered", REF)], [Receipt("undelivered", REF, "", "2")],
        [Receipt("undelivered", REF, "", "16")], [],
    ]  # fmt: skip
    answer = kannel.read(raw({"kind": "mo", "id": "m1", "from": "13800138000", "text": "退订", "ts": "1795406400"}))
    assert answer == [Inbound("m1", "13800138000", "退订", datetime.fromtimestamp(1795406400, UTC))]
    aliyun = gateway(ALIYUN, wire)
    rows = [
        {
            "phone_number": "13800138000",
            "success": True,
            "biz_id": "b1",
            "out_id": str(REF),
            "sms_size": "2",
            "err_code": "DELIVERED",
        },
        {"phone_number": "13800138000", "success": False, "biz_id": "b2", "out_id": "", "err_code": "SPACE"},
        {"phone_number": "13800138000", "content": "R", "send_time": "2026-11-23 12:00:00", "sequence_id": 7},
    ]
    assert aliyun.read(raw(body=json.dumps(rows))) == [
        Receipt("delivered", REF, "b1", "DELIVERED", 2), Receipt("undelivered", None, "b2", "SPACE"),
        Inbound("7:13800138000:2026-11-23 12:00:00", "13800138000", "R", NOON),
    ]  # fmt: skip
    told = gateway(TENCENT, wire)
    report = [{"sid": "n1", "report_status": "FAIL", "errmsg": "MK:0001"}]
    assert told.read(raw(body=json.dumps(report))) == [Receipt("undelivered", None, "n1", "MK:0001")]
    reply = {"mobile": "13800138000", "nationcode": "86", "text": "T", "time": 1795406400, "sign": "启衡"}
    assert told.read(raw(body=json.dumps(reply)))[0].address == "+8613800138000"
    for found in (kannel, aliyun, told):
        with pytest.raises((ValueError, KeyError)):
            found.read(raw({"kind": "x"}, body="nonsense"))


def test_twilio_believes_only_what_is_signed(wire) -> None:
    found = gateway(TWILIO, wire)
    url, form = f"http://crm.test/told?ref={REF}", {"MessageSid": "SM1", "MessageStatus": "delivered"}
    good = {"x-twilio-signature": signing.twilio("t", url, form)}
    query = {**form, "ref": str(REF)}
    assert found.read(raw(query, url=url, headers=good)) == [Receipt("delivered", REF, "SM1")]
    for changed in ({}, {"x-twilio-signature": signing.twilio("other", url, form)}):
        with pytest.raises(ValueError, match="signed"):
            found.read(raw(query, url=url, headers=changed))
    with pytest.raises(ValueError, match="signed"):
        found.read(raw({**query, "MessageStatus": "failed"}, url=url, headers=good))


def test_a_trial_knows_by_its_file_what_it_took(tmp_path) -> None:
    found = TRIAL.open({"file": str(tmp_path / "out")})
    assert found.find(REF, "", NOON) is None
    found.send(PARCEL)
    assert found.find(REF, "", NOON) == Receipt("sent", REF)
    with pytest.raises(ValueError, match="path"):
        TRIAL.open({"file": "here"})
    gone = TRIAL.open({"file": str(tmp_path / "no" / "folder")})
    with pytest.raises(NotSent):
        gone.send(PARCEL)
