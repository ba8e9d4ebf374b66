"""From a click on the customer's page to the order that a telephone exchange gets: Chromium, server, the agent's own
process, and an exchange that takes down what it is told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.testing.waiting import wait_until
from tests.e2e.test_telephone import name_of

COMPANY, NUMBER = "宁波镇海法兰有限公司", "13900008655"


class Exchange:
    """An Asterisk manager that lets anybody in."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = ""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        line, _address = self._socket.accept()
        line.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        with line:
            while data := line.recv(4096):
                if not self.heard:
                    line.sendall(b"Response: Success\r\n\r\n")
                self.heard += data.decode()

    def close(self) -> None:
        self._socket.close()


@contextmanager
def agent(folder: Path, command: list[str], url: str, exchange: Exchange) -> Iterator[None]:
    environ = {**os.environ, "BATON_AGENT_DIR": str(folder / "agent")}
    run = [sys.executable, "-m", "baton_agent"]
    subprocess.run([*run, "pair", url, command[-1]], env=environ, check=True, timeout=60)
    settings = folder / "agent" / "agent.json"
    entry = {"kind": "asterisk", "port": exchange.port, "user": "crm", "secret": "s", "dial": {}}
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "exchanges": [entry]}))
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen([*run, "run"], env=environ, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(20) == 0, (folder / "agent.log").read_text()


def pairing_command(admin: Page, name: str, line: str) -> list[str]:
    admin.goto("/settings/telephony")
    form = admin.locator("form[action$='/sources']")
    form.locator("[name=name]").fill("总机旁")
    form.locator("button[type=submit]").click()
    command = admin.locator("[role=status] input[readonly]").input_value().split()
    lines = admin.locator("form[action$='/lines']")
    lines.locator("[name=line]").fill(line)
    lines.locator("[name=user_id]").select_option(label=name)
    lines.locator("button[type=submit]").click()
    expect(admin.locator("main li", has_text=line)).to_be_visible()
    return command


def test_a_click_has_the_telephone_call(served, visitors: Visitors, tmp_path: Path) -> None:
    collector = visitors.sign_in("collector")
    collector.goto("/customers/new")
    collector.locator("#f-phone").fill(NUMBER)
    collector.locator("#f-name").fill(COMPANY)
    collector.get_by_role("button", name="保存并打开").click()
    expect(collector.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
    admin = visitors.sign_in("admin")
    command = pairing_command(admin, name_of(collector), "8101")
    exchange = Exchange()
    with agent(tmp_path, command, served.url, exchange):
        wait_until(lambda: _is_up(admin))
        address = collector.url
        _calls(collector)
        wait_until(lambda: f"Exten: {NUMBER}" in exchange.heard)
        assert "Channel: PJSIP/8101" in exchange.heard
        assert collector.url == address
        assert NUMBER not in collector.content()
    exchange.close()


def _is_up(admin: Page) -> bool:
    admin.goto("/settings/telephony")
    return admin.get_by_text("asterisk: 已连接").count() > 0


def _calls(page: Page) -> None:
    page.locator("a[href^='/calls/dial/']").first.dispatch_event("click")
    sheet = page.locator("#dialog[open]")
    expect(sheet).to_contain_text("你的电话 8101 先响铃")
    sheet.get_by_role("button", name="拨打").first.click()
    expect(sheet).to_contain_text("你的电话 8101 正在响铃")
