"""Calls that people ask for at their screens, through exchanges over real sockets; what exchanges answer is written by
hand after their manuals, no real one was dialled through."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from baton_agent.asking import Asked
from baton_agent.dialling import Dialler
from baton_agent.exchanges import Exchange
from baton_agent.server import Server
from baton_agent.webdialling import WebExchange

from platform_core.testing.waiting import wait_until

ASKED = Asked("a1", "101", "+8613900008321", "913900008321")
CALL = "baton-a1"


class Wire:
    """An exchange that lets anybody in, keeps what it is told, and says what a test has it say."""

    def __init__(self, greeting: str, welcome: str) -> None:
        self._greeting, self._welcome = greeting, welcome
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = ""
        self._line: socket.socket | None = None

    def run(self) -> None:
        self._line, _address = self._socket.accept()
        self.say(self._greeting)
        while data := self._line.recv(4096):
            if not self.heard:
                self.say(self._welcome)
            self.heard += data.decode()

    def say(self, text: str) -> None:
        self._line.sendall(text.replace("\n", "\r\n").encode())

    def close(self) -> None:
        self._socket.close()
        self._line.close()


@contextmanager
def connected(kind: str, wire: Wire, way: dict):
    events, failures = [], []
    entry = {"kind": kind, "port": wire.port, "user": "crm", "secret": "right", "dial": way}
    exchange = Exchange(entry, events.extend, lambda *told: failures.append(told))
    threading.Thread(target=wire.run, daemon=True).start()
    running = threading.Thread(target=exchange.run)
    running.start()
    try:
        wait_until(lambda: exchange.dials)
        yield exchange, events, failures
    finally:
        exchange.stop.set()
        wire._line.shutdown(socket.SHUT_RDWR)
        wire.close()
        running.join()


def ami(**fields: str) -> str:
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items()) + "\n"


def shown(events):
    return [(one["kind"], one.get("direction", ""), one.get("number") or one.get("by") or "") for one in events]


OWN, TRUNK = "PJSIP/101-00000001", "PJSIP/trunk-00000002"
OUT = [("ringing", "out", ASKED.number), ("ringing", "out", ASKED.number), ("answered", "", "101"), ("ended", "", "")]


def test_asterisk_rings_the_own_telephone_first():
    wire = Wire("Asterisk Call Manager/11.0.0\n", "Response: Success\n\n")
    with connected("asterisk", wire, {"context": "from-desk"}) as (exchange, events, failures):
        exchange.dial(ASKED)
        wait_until(lambda: "Action: Originate" in wire.heard)
        asked = dict(line.split(": ", 1) for line in wire.heard.partition("Action: Originate")[2].split("\r\n") if line)
        assert (asked["Channel"], asked["Exten"], asked["Context"]) == ("PJSIP/101", ASKED.digits, "from-desk")
        assert asked["ChannelId"] == CALL
        wire.say(ami(Event="Newchannel", Channel=OWN, Uniqueid=CALL, Linkedid=CALL))
        wire.say(ami(Event="DialBegin", DestChannel=OWN, DestLinkedid=CALL))
        wire.say(ami(Event="DialEnd", DestChannel=OWN, DestLinkedid=CALL, DialStatus="ANSWER"))
        wire.say(ami(Event="DialBegin", Channel=OWN, DestChannel=TRUNK, Linkedid=CALL))
        wire.say(ami(Event="DialEnd", Channel=OWN, DestChannel=TRUNK, Linkedid=CALL, DialStatus="ANSWER"))
        wire.say(ami(Event="Hangup", Channel=OWN, Linkedid=CALL))
        wait_until(lambda: len(events) == len(OUT))
        assert shown(events) == OUT
        wire.say(ami(Response="Error", ActionID="baton-unknown", Message="x"))
        wire.say(ami(Response="Error", ActionID=CALL, Message="Extension does not exist."))
        wait_until(lambda: failures)
        assert failures == [("a1", "Extension does not exist.")]
    assert not exchange.dials


def esl(name: str, channel: str, **fields: str) -> str:
    body = ami(Event_Name=name, Unique_ID=channel, Channel_Call_UUID=CALL, Call_Direction="outbound", **fields)
    body = body.replace("\n", "\r\n")
    return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n{body}".replace("\r\n", "\n")


def test_freeswitch_rings_the_own_telephone_first():
    wire = Wire("Content-Type: auth/request\n\n", "Reply-Text: +OK accepted\n\n")
    with connected("freeswitch", wire, {}) as (exchange, events, failures):
        exchange.dial(ASKED)
        wait_until(lambda: "bgapi originate" in wire.heard)
        assert f"origination_uuid={CALL}" in wire.heard
        assert f"user/101 {ASKED.digits} XML default" in wire.heard
        for name, channel in (
            ("CHANNEL_CREATE", CALL), ("CHANNEL_ANSWER", CALL), ("CHANNEL_CREATE", "b"), ("CHANNEL_ANSWER", "b"),
            ("CHANNEL_HANGUP_COMPLETE", CALL),
        ):  # fmt: skip
            wire.say(esl(name, channel))
        wait_until(lambda: len(events) == 3)
        assert shown(events) == OUT[1:]
        wire.say(f"Content-Length: {len(CALL) + 31}\n\nJob-UUID: {CALL}\n\n-ERR NO_ANSWER     \n")
        wait_until(lambda: failures)
        assert failures == [("a1", "-ERR NO_ANSWER")]


@pytest.mark.parametrize("bad", ["1\r\nAction: Logoff", "1 2", "", "1" * 41, "{x}"])
def test_nothing_but_a_number_gets_to_an_exchange(bad):
    for place in range(4):
        fields = ["a1", "101", "+861", "1"]
        fields[place] = bad
        with pytest.raises(ValueError, match="dialled"):
            Asked(*fields)


class House(BaseHTTPRequestHandler):
    """The server's side, and an exchange in the cloud at /cloud."""

    protocol_version = "HTTP/1.1"
    waiting: ClassVar[list[dict]] = []
    said: ClassVar[list[tuple[str, str, dict]]] = []
    refuses: ClassVar[bool] = False

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b": hello\r\n\r\nevent: dial\r\ndata: a1\r\n\r\n")
        self.close_connection = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.said.append((self.path, self.headers["Authorization"], body))
        given, self.waiting[:] = (list(self.waiting), []) if "dials" in self.path else ([], self.waiting)
        answer = json.dumps({"items": given, "taken": []}).encode()
        self.send_response(403 if self.refuses and self.path == "/cloud" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        pass


@pytest.mark.parametrize("refuses", [False, True])
def test_what_was_asked_for_is_fetched_and_dialled_in_the_cloud(refuses, monkeypatch):
    monkeypatch.setattr("baton_agent.dialling.PAUSES", (0.02,))
    House.waiting[:] = [{"id": "a1", "extension": "e0", "number": "+8613900008321", "digits": "1"}]
    House.said.clear()
    House.refuses = refuses
    with ThreadingHTTPServer(("127.0.0.1", 0), House) as httpd:
        threading.Thread(target=httpd.serve_forever).start()
        url = f"http://127.0.0.1:{httpd.server_port}"
        dialler = Dialler(lambda: Server(url, "secret"))
        entry = {"kind": "sipgate", "token_id": "t", "token": "s", "url": f"{url}/cloud"}
        dialler.exchanges.append(WebExchange(entry))
        running = threading.Thread(target=dialler.run)
        running.start()
        last = "/api/v1/telephony/events" if refuses else "/cloud"
        try:
            wait_until(lambda: any(path == last for path, *_rest in House.said))
        finally:
            dialler.stop.set()
            running.join()
            httpd.shutdown()
    told = {path: (authorization, body) for path, authorization, body in House.said}
    assert told["/cloud"] == ("Basic dDpz", {"caller": "e0", "callee": "+8613900008321"})
    if refuses:
        assert told[last][1]["failed"] == [{"id": "a1", "why": "the exchange answers 403"}]


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no address"):
        WebExchange({"kind": "http", "url": "file:///etc/passwd"})
