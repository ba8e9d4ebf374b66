"""Recordings are fetched from a real HTTP server, from hosts that the house names and from nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from baton_plugins.telephony import exchanges, hosts, sounds
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel import settingvalues

MOBILE = "13900008321"
SOUND = b"RIFF" + bytes(range(256)) * 40


@dataclass
class Exchange:
    """Where recordings lie, and what it was asked for."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = f"/{MOBILE}.wav", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    found = Exchange()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.heads.append({name.lower(): value for name, value in self.headers.items()})
            answer(self, found)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def answer(there: BaseHTTPRequestHandler, exchange: Exchange) -> None:
    wave = {"content-type": "audio/wav"}
    part = {**wave, "content-range": f"bytes 4-9/{len(SOUND)}", "accept-ranges": "bytes"}
    plain = {"content-type": "application/octet-stream", "accept-ranges": "bytes", "set-cookie": "their=own"}
    known: dict[str, tuple[int, bytes, dict[str, str]]] = {
        "/moved": (302, b"", {"location": "/there.mp3"}),
        "/away": (302, b"", {"location": exchange.url("/there.mp3", "localhost")}),
        "/round": (302, b"", {"location": "/round"}),
        "/page.wav": (200, b"<p>sign in</p>", {"content-type": "text/html"}),
        "/gone.wav": (404, b"", {}),
        "/broken.wav": (500, b"", {}),
        "/huge.wav": (200, SOUND, {**wave, "content-length": str(sounds.MOST + 1)}),
        "/half.wav": (200, SOUND[:100], {**wave, "content-length": str(len(SOUND))}),
        "/untold.wav": (200, SOUND, {**wave, "content-length": ""}),
    }
    wanted = (206, SOUND[4:10], part) if there.headers.get("range") == "bytes=4-9" else (200, SOUND, plain)
    status, body, headers = known.get(there.path, wanted)
    there.send_response(status)
    for name, value in ({"content-length": str(len(body))} | headers).items():
        if value:
            there.send_header(name, value)
    there.end_headers()
    there.wfile.write(body)


def allow(house, text):
    with house.runtime.database.system_session("a setting") as session:
        settingvalues.write(session, hosts.RECORDING_HOSTS, text)


def recorded(house, url, number=MOBILE):
    """The address of a call with such a recording."""
    box = house.agent(("1", "carol"))
    box.ring(number, call=url)
    box.send(box.event("ended", url, recording=url))
    return next(f"/calls/{call.id}" for call in house.calls() if call.recording == url)


def listened(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "telephony.listen")))


def test_it_plays_from_a_host_that_is_named_and_each_time_is_written_down(house, exchange):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    call, boss = recorded(house, exchange.url()), house.page("max")
    allow(house, f"pbx.example.com, 127.0.0.1:{exchange.port}")
    log = boss.get("/calls").text
    assert f'hx-get="{call}/recording"' in log
    player = boss.get(f"{call}/recording", htmx=True).text
    assert f'<audio controls preload="none" src="{call}/sound"' in player
    assert MOBILE not in log + player
    assert exchange.asked == []
    assert listened(house) == []
    answer = boss.get(f"{call}/sound")
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"].startswith("audio/")
    assert answer.headers["content-length"] == str(len(SOUND))
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "cookie" not in exchange.heads[0]
    assert exchange.heads[0]["host"] == f"127.0.0.1:{exchange.port}"
    (line,) = listened(house)
    assert (line.customer_id, line.actor_id) == (customer.id, house.people["max"].id)


def test_the_part_that_a_browser_asks_for_is_what_it_gets(house, exchange):
    call = recorded(house, exchange.url())
    allow(house, f"127.0.0.1:{exchange.port}")
    answer = house.page("max").get(f"{call}/sound", headers={"range": "bytes=4-9"})
    assert (answer.status_code, answer.content) == (206, SOUND[4:10])
    assert answer.headers["content-range"] == f"bytes 4-9/{len(SOUND)}"
    assert answer.headers["accept-ranges"] == "bytes"
    house.page("max").get(f"{call}/sound", headers={"range": "lines=1-2"})
    assert "range" not in exchange.heads[1]
    assert len(listened(house)) == 2


def test_a_host_that_nobody_named_is_not_asked_and_the_page_says_so(house, exchange):
    call, boss = recorded(house, exchange.url()), house.page("max")
    for allowed in ("", "127.0.0.1", f"localhost:{exchange.port}", f"127.0.0.1:{exchange.port + 1}", "127.0.0.0/8"):
        allow(house, allowed)
        shown = boss.get(f"{call}/recording").text
        assert f"127.0.0.1:{exchange.port} is not among the hosts" in shown
        assert "Ask one of these people: Ada." in shown
        assert "<audio" not in shown
        refused = boss.get(f"{call}/sound")
        assert (refused.status_code, refused.headers["location"]) == (303, f"{call}/recording")
    assert exchange.asked == []
    assert listened(house) == []
    there = boss.get(f"{call}/recording/there")
    assert (there.status_code, there.headers["location"]) == (303, exchange.url())
    assert len(listened(house)) == 1


def test_a_name_may_not_lead_into_a_private_network_that_is_not_named(house, exchange):
    call, boss = recorded(house, exchange.url(host="localhost")), house.page("max")
    allow(house, f"localhost:{exchange.port}")
    refused = boss.get(f"{call}/sound")
    assert refused.status_code == 404
    assert "localhost stands in a private network" in refused.text
    assert exchange.asked == []
    allow(house, f"localhost:{exchange.port}, 127.0.0.0/8")
    assert boss.get(f"{call}/sound").content == SOUND
    assert exchange.heads[0]["host"] == f"localhost:{exchange.port}"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/away", 404, "sends on to another host"),
        ("/round", 404, "sends on without end"),
        ("/page.wav", 404, "is no sound"),
        ("/gone.wav", 404, "no longer has this recording"),
        ("/broken.wav", 503, "did not answer"),
        ("/huge.wav", 413, "too large"),
        ("/moved", 200, ""),
    ],
)
def test_what_the_exchange_gives_instead_is_told(house, exchange, path, status, words):
    allow(house, f"127.0.0.1:{exchange.port} localhost:{exchange.port} 127.0.0.0/8")
    answer = house.page("max").get(f"{recorded(house, exchange.url(path))}/sound")
    assert (answer.status_code, MOBILE in answer.text) == (status, False)
    assert words in answer.text
    assert len(listened(house)) == 1


def test_an_exchange_that_is_down_is_told(house):
    call = recorded(house, "http://127.0.0.1:1/x.wav")
    allow(house, "127.0.0.1:1")
    answer = house.page("max").get(f"{call}/sound")
    assert answer.status_code == 503
    assert "did not answer" in answer.text


def test_what_takes_too_long_or_is_more_than_told_breaks_off(house, exchange, monkeypatch):
    """As far as it had come: exchanges need not tell how long a recording is."""
    call = recorded(house, exchange.url("/untold.wav"))
    allow(house, f"127.0.0.1:{exchange.port}")
    assert house.page("max").get(f"{call}/sound").content == SOUND
    for limit in ("LONGEST", "MOST"):
        with monkeypatch.context() as patched:
            patched.setattr(sounds, limit, -1)
            assert house.page("max").get(f"{call}/sound").content == b""


def test_an_exchange_that_hangs_up_in_the_middle_breaks_it_off(house, exchange, caplog):
    call = recorded(house, exchange.url("/half.wav"))
    allow(house, f"127.0.0.1:{exchange.port}")
    assert house.page("max").get(f"{call}/sound").content in {b"", SOUND[:100]}
    assert "a recording broke off" in caplog.text
    assert MOBILE not in caplog.text


def test_only_who_may_listen_and_sees_the_call_does(house, exchange):
    call = recorded(house, exchange.url())
    allow(house, f"127.0.0.1:{exchange.port}")
    training = SimpleNamespace(id=house.people["tom"].department_id)
    house.people["stan"] = house.factory.user("department_head", department=training, name="Stan")
    for address in ("recording", "sound", "recording/there"):
        assert house.page("carol").get(f"{call}/{address}").status_code == 403
        assert house.page("stan").get(f"{call}/{address}").status_code == 404
    assert f"{call}/recording" not in house.page("carol").get("/calls").text
    assert exchange.asked == []
    assert listened(house) == []


def test_a_name_alone_is_shown_with_a_mask_and_plays_nothing(house):
    boss, call = house.page("max"), recorded(house, f"in-{MOBILE}-101")
    assert "in-****8321-101" in boss.get(f"{call}/recording").text
    for address in ("sound", "recording/there"):
        assert boss.get(f"{call}/{address}").headers["location"] == f"{call}/recording"
    assert listened(house) == []
    house.agent(("2", "otto")).ring("13900008334", call="none")
    without = next(one.id for one in house.calls() if not one.recording)
    assert boss.get(f"/calls/{without}/recording").status_code == 404


def test_an_exchange_tells_of_a_recording_by_its_webhook(house, exchange):
    event = exchanges.event_of({"event": ["hangup"], "callId": ["1"], "recording": [exchange.url()]})
    assert event is not None
    assert event.recording == exchange.url()
    long = exchanges.event_of({"event": ["hangup"], "callId": ["1"], "recording": ["x" * 301]})
    assert long is not None
    assert long.recording == ""


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [
        ("8.8.8.8", "", True), ("10.0.0.5", "", False), ("10.0.0.5", "10.0.0.0/8", True), ("127.0.0.1", "", False),
        ("169.254.169.254", "", False), ("100.64.0.1", "", False), ("224.0.0.1", "", False), ("::1", "", False),
        ("::ffff:10.0.0.5", "", False), ("::ffff:10.0.0.5", "10.0.0.0/8", True), ("fe80::1%eth0", "", False),
        ("fd00::5", "fd00::/8", True), ("0.0.0.0", "", False), ("10.0.0.5", "10.0.0.5:8088", True),
    ],
)  # fmt: skip
def test_which_addresses_may_be_asked(address, networks, may):
    assert hosts.read(networks).may_reach(address) is may


@pytest.mark.parametrize("text", ["http://pbx", "10.0.0.0/40", "pbx:port", "a b!", "user@", "pbx..", ":80"])
def test_what_is_no_host_is_refused_before_it_is_kept(text):
    assert "pbx.example.com" in hosts.RECORDING_HOSTS.check(text)
    assert hosts.RECORDING_HOSTS.check("pbx.example.com; 10.0.0.5:8088\n10.0.0.0/8 [fd00::5]:80") == ""
