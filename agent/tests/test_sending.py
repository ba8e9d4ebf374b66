"""The spool and the sender against a real HTTP server with moods."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from baton_agent import __main__ as agent
from baton_agent import server as sending
from baton_agent.server import Sender, Server
from baton_agent.spool import Spool

from platform_core.testing.waiting import wait_until


class Moody(BaseHTTPRequestHandler):
    """Answers with the next mood of the list, then takes everything in."""

    protocol_version = "HTTP/1.1"
    moods: ClassVar[list[object]] = []
    taken: ClassVar[list[str]] = []
    tokens: ClassVar[set[str]] = set()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).tokens.add(self.headers.get("Authorization", ""))
        ids = [event["id"] for event in body.get("events", [])]
        mood = self.moods.pop(0) if self.moods else 200
        if mood == "hang up":
            self.taken.extend(ids)
            self.close_connection = True
            return
        if mood == 200 and "unreadable" in ids:
            mood = 400
        answer = json.dumps({"taken": ids, "token": "secret", "name": "Desk"} if mood == 200 else {}).encode()
        if mood == 200:
            self.taken.extend(ids)
        self.send_response(int(mood))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        pass


@contextmanager
def served(*moods: object) -> Iterator[str]:
    Moody.moods, Moody.taken, Moody.tokens = list(moods), [], set()
    with ThreadingHTTPServer(("127.0.0.1", 0), Moody) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()
            thread.join()


@contextmanager
def sender(url, spool) -> Iterator[Sender]:
    found = Sender(Server(url, "secret"), spool, list)
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        found.stop.set()
        spool.arrived.set()
        thread.join()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(sending, "PAUSES", (0.02,) * 5)
    monkeypatch.setattr(sending, "_REFUSED", 0.02)


def events(*ids):
    return [{"id": one, "kind": "ringing", "call": one} for one in ids]


def test_each_event_leaves_until_it_is_confirmed_and_in_order(quick, tmp_path):
    """Whatever the server does in between; one whose confirmation was lost is sent again under the same id."""
    spool = Spool(tmp_path / "spool")
    spool.add(events("a", "b"))
    spool.close()
    spool = Spool(tmp_path / "spool")  # as after a power cut
    with served(503, "hang up", 502, 401) as url, sender(url, spool):
        spool.add(events("b", "c"))
        wait_until(lambda: len(spool) == 0)
        spool.add(events("d"))
        wait_until(lambda: len(spool) == 0)
    spool.close()
    assert list(dict.fromkeys(Moody.taken)) == ["a", "b", "c", "d"]
    assert Moody.taken.count("d") == 1
    assert Moody.tokens == {"Agent secret"}


def test_one_event_that_cannot_be_read_does_not_hold_up_the_others(quick, tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.add(events("a", "unreadable", "b"))
    with served() as url, sender(url, spool):
        wait_until(lambda: len(spool) == 0)
    spool.close()
    assert Moody.taken == ["a", "b"]


def test_a_workstation_that_was_put_out_says_so_and_keeps_its_events(quick, tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.add(events("a"))
    with served(*[401] * 400) as url, sender(url, spool) as found:
        wait_until(lambda: "pair it again" in found.trouble)
    assert len(spool) == 1
    spool.close()


def test_pairing_keeps_the_token_for_its_owner_alone(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BATON_AGENT_DIR", str(tmp_path / "home"))
    with served() as url:
        assert agent.main(["pair", url, "CODE"]) == 0
    kept = tmp_path / "home" / "agent.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["token"] == "secret"
    assert "secret" not in capsys.readouterr().out
    assert agent.main(["pair", "ftp://nowhere", "CODE"]) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again():
    """Servers close what was not used for a while; the report after that is not lost, and nobody waits."""
    with served(200, "hang up") as url:
        server = Server(url, "secret")
        server.report(events("one"), None)
        assert server.report(events("two"), None) == ["two"]
        server.close()
    assert Moody.taken == ["one", "two", "two"]  # the server knows the event by its id


def test_what_the_command_line_says_without_a_server_and_to_one_that_was_put_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BATON_AGENT_DIR", str(tmp_path / "home"))
    with served() as url:
        assert agent.main(["pair", url, "CODE"]) == 0
        Moody.moods = [401]
        assert agent.main(["simulate", "13800138000"]) == 1
        assert "pair it again" in capsys.readouterr().err
    assert agent.main(["simulate", "13800138000"]) == 1
    assert "cannot be reached" in capsys.readouterr().err
