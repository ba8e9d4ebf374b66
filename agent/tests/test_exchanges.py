"""Exchanges over real sockets. The Asterisk messages are those of a session with Asterisk 22.10.1 (a group of two
telephones, calls made by sipp), shortened; FreeSWITCH is in no Debian release, so its events are written by hand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from baton_agent.asterisk import extension
from baton_agent.exchanges import Exchange

from platform_core.testing.waiting import wait_until

CALLER, FIRST, SECOND = "PJSIP/anonymous-00000000", "PJSIP/101-00000001", "PJSIP/102-00000002"
CALL = "1763790000.1"


def ami(event: str, **fields: str) -> str:
    lines = [f"Event: {event}", "Privilege: call,all", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, f"Linkedid: {CALL}", "", ""])


def dial(event: str, channel: str, **fields: str) -> str:
    caller = {"Channel": CALLER, "CallerIDNum": "13800138000", "CallerIDName": "Li Lei"}
    return ami(event, **caller, DestChannel=channel, DialString=extension(channel), **fields)


BEGUN = [
    ami("Newchannel", Channel=CALLER, ChannelStateDesc="Ring", CallerIDNum="13800138000", Exten="5551000", Uniqueid=CALL),
    dial("DialBegin", FIRST), dial("DialBegin", SECOND), dial("DialState", FIRST, DialStatus="RINGING"),
]  # fmt: skip
ANSWERED = [
    *BEGUN,
    dial("DialEnd", SECOND, DialStatus="CANCEL"),
    ami("Hangup", Channel=SECOND, Cause="26", **{"Cause-txt": "Answered elsewhere"}),
    dial("DialEnd", FIRST, DialStatus="ANSWER"),
    ami("BridgeEnter", Channel=FIRST),
    ami("Hangup", Channel=FIRST, Cause="16", **{"Cause-txt": "Normal Clearing"}),
    ami("Hangup", Channel=CALLER, Cause="16", **{"Cause-txt": "Normal Clearing"}),
]
MISSED = [
    *BEGUN,
    dial("DialEnd", FIRST, DialStatus="NOANSWER"),
    dial("DialEnd", SECOND, DialStatus="NOANSWER"),
    ami("Hangup", Channel=CALLER, Cause="16", **{"Cause-txt": "Normal Clearing"}),
]


def esl(name: str, channel: str, direction: str, **fields: str) -> str:
    known = {"Event-Name": name, "Unique-ID": channel, "Channel-Call-UUID": "u1", "Call-Direction": direction}
    body = "".join(f"{key}: {value}\n" for key, value in {**known, **fields}.items())
    return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n{body}"


NUMBERED = {"Caller-Caller-ID-Number": "%2B8613800138000", "variable_dialed_user": "101"}
FREESWITCH = [
    esl("CHANNEL_CREATE", "u1", "inbound"),
    esl("CHANNEL_CREATE", "u2", "outbound", **NUMBERED),
    esl("CHANNEL_ANSWER", "u2", "outbound", **NUMBERED),
    esl("CHANNEL_HANGUP_COMPLETE", "u2", "outbound", **{"Hangup-Cause": "NORMAL_CLEARING"}),
    esl("CHANNEL_HANGUP_COMPLETE", "u1", "inbound", **{"Hangup-Cause": "NORMAL_CLEARING"}),
]


class Server:
    """Accepts connections; for each asks for the sign-in, says what was given, and cuts the line."""

    def __init__(self, greeting: str, good: str, answers: tuple[str, str], said: list[str], ends: str) -> None:
        self.greeting, self.good, self.answers, self.said, self.ends = greeting, good, answers, said, ends
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0

    def run(self) -> None:
        while True:
            try:
                connection, _address = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream) -> None:
        stream.write(self.greeting.encode())
        stream.flush()
        asked = b""
        while not asked.endswith(self.ends.encode()):
            asked += stream.readline()
        is_good = self.good in asked.decode()
        stream.write(self.answers[0 if is_good else 1].encode())
        stream.flush()
        if is_good:
            self.visits += 1
            for text in self.said:
                stream.write(text.encode())
                stream.flush()


@contextmanager
def listening(server: Server, kind: str, secret: str = "right") -> Iterator[tuple[Exchange, list[dict]]]:
    events: list[dict] = []
    entry = {"kind": kind, "host": "127.0.0.1", "port": server.port, "user": "crm", "secret": secret}
    exchange = Exchange(entry, events.extend)
    threads = [threading.Thread(target=run) for run in (server.run, exchange.run)]
    for thread in threads:
        thread.start()
    try:
        yield exchange, events
    finally:
        exchange.stop.set()
        server.socket.shutdown(socket.SHUT_RDWR)
        server.socket.close()
        for thread in threads:
            thread.join()


def asterisk(said: list[str]) -> Server:
    answers = ("Response: Success\r\n\r\n", "Response: Error\r\nMessage: Authentication failed\r\n\r\n")
    return Server("Asterisk Call Manager/11.0.0\r\n", "Secret: right\r\n", answers, said, "\r\n\r\n")


def shown(events: list[dict]) -> list[tuple]:
    return [(one["kind"], one.get("number") or one.get("by") or "", *one.get("to", [])) for one in events]


@pytest.mark.parametrize(
    ("said", "last"),
    [
        (ANSWERED, [("answered", "101"), ("ended", "")]),
        (MISSED, [("ended", "")]),
    ],
)
def test_asterisk_rings_a_group(said, last):
    with listening(asterisk(said), "asterisk") as (_exchange, events):
        wait_until(lambda: any(one["kind"] == "ended" for one in events))
    whole = [one["kind"] for one in events].index("ended") + 1  # it is listened to again once the line is cut
    assert shown(events[:whole]) == [("ringing", "13800138000", "101"), ("ringing", "13800138000", "102"), *last]
    assert len({one["id"] for one in events}) == len(events)


def test_it_comes_back_when_the_line_was_cut(monkeypatch):
    monkeypatch.setattr("baton_agent.exchanges._PAUSES", (0.01,))
    server = asterisk(MISSED)
    with listening(server, "asterisk") as (_exchange, events):
        wait_until(lambda: server.visits >= 2 and len(events) > 4)
    assert len({one["id"] for one in events}) == len(events)


def test_a_wrong_secret_is_said_and_not_tried_without_end():
    server = asterisk(MISSED)
    with listening(server, "asterisk", "wrong") as (exchange, events):
        wait_until(lambda: "Authentication failed" in exchange.device()["detail"])
        assert exchange.device()["state"] == "down"
    assert (server.visits, events) == (0, [])
    with pytest.raises(ValueError, match="line breaks"):
        Exchange({"kind": "asterisk", "secret": "x\r\nAction: Originate"}, events.extend)


def test_freeswitch_over_its_event_socket():
    answers = ("Content-Type: command/reply\nReply-Text: +OK accepted\n\n", "Reply-Text: -ERR invalid\n\n")
    server = Server("Content-Type: auth/request\n\n", "auth right\n", answers, FREESWITCH, "\n\n")
    with listening(server, "freeswitch") as (_exchange, events):
        wait_until(lambda: any(one["kind"] == "ended" for one in events))
    assert shown(events)[:3] == [("ringing", "+8613800138000", "101"), ("answered", "101"), ("ended", "")]
