"""A recording is heard: an exchange tells where it lies, the head of the house presses play, Chromium plays it."""

from __future__ import annotations

import io
import re
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.testing.waiting import wait_until
from tests.e2e import looks
from tests.e2e.test_sip import name_of, webhook

CALLER = "13900008655"
SECONDS = 2


def sound() -> bytes:
    """Silence of a telephone's quality."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * SECONDS))
    return written.getvalue()


@contextmanager
def exchange() -> Iterator[str]:
    """Where recordings lie: host and port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = sound()
            self.send_response(200)
            self.send_header("content-type", "audio/wav")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def allow(admin: Page, host: str) -> None:
    admin.goto("/settings/plugins/telephony/settings")
    admin.get_by_label("可播放录音的主机").fill(host)
    admin.locator("main form button[type=submit]").click()
    expect(admin).to_have_url(re.compile("/settings/plugins$"))


def ring(address: str, host: str) -> None:
    """A call that was missed, and left a message."""
    said = {"from": CALLER, "to": "101", "direction": "in", "callId": "recorded-1"}
    for event in ({"event": "newCall"}, {"event": "hangup", "cause": "noAnswer", "recording": f"http://{host}/a.wav"}):
        assert httpx.post(address, data={**said, **event}).is_success


def test_a_recording_is_heard(visitors: Visitors) -> None:
    admin, collector, manager = (visitors.sign_in(name) for name in ("admin", "collector", "manager"))
    address = webhook(admin, name_of(collector))
    with exchange() as host:
        allow(admin, host)
        ring(address, host)
        manager.goto("/calls")
        manager.locator("main tbody tr", has_text="139****8655").get_by_role("link", name="收听").click()
        player = manager.locator("#dialog audio")
        expect(player).to_be_visible()
        for scheme in ("dark", "light"):
            looks.dress(manager, scheme, looks.PHONE)
            assert looks.violations(manager) == []
        player.evaluate("sound => { sound.muted = true; return sound.play(); }")
        wait_until(lambda: player.evaluate("sound => sound.ended"))
        assert abs(player.evaluate("sound => sound.duration") - SECONDS) < 0.1
        assert player.evaluate("sound => sound.error") is None
    card = collector.locator(".pop")
    if card.count():  # it would lie over the pages that others look at
        card.get_by_role("button", name="收起").click()
