"""From the bytes of a caller-ID box to the card on the screen: emulated USB, the agent's own process, server, Chromium."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.testing.waiting import wait_until
from tests.e2e import looks
from tests.usbfake import descriptors, programs, scripts
from tests.usbfake.box import Box

pytestmark = pytest.mark.skipif(not programs.has_umockdev(), reason=programs.MISSING)
COMPANY = "宁波北仑轴承有限公司"
NUMBER = "13900008677"
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
"""


def name_of(page: Page) -> str:
    found: str = page.locator("summary.me > span:not(.ava)").evaluate("line => line.firstChild.textContent.trim()")
    return found


def pairing_command(admin: Page, name: str) -> list[str]:
    """How the workstation of a new agent is paired; each of its lines is `name`'s."""
    admin.goto("/settings/telephony")
    form = admin.locator("form[action$='/sources']")
    form.locator("[name=name]").fill("前台")
    form.locator("button[type=submit]").click()
    command = admin.locator("[role=status] input[readonly]").input_value().split()
    lines = admin.locator("form[action$='/lines']")
    lines.locator("[name=user_id]").select_option(label=name)
    lines.locator("button[type=submit]").click()
    expect(admin.locator("main li", has_text="其余线路")).to_be_visible()
    return command


@contextmanager
def agent(box: Box, folder: Path, command: list[str], url: str) -> Iterator[None]:
    environ = {**os.environ, "BATON_AGENT_DIR": str(folder / "agent")}
    run = [sys.executable, "-m", "baton_agent"]
    subprocess.run([*run, "pair", url, command[-1]], env=environ, check=True, timeout=60)
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen([*run, "run"], env={**environ, **box.environment}, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(20) == 0, (folder / "agent.log").read_text()


def new_customer(page: Page) -> None:
    page.goto("/customers/new")
    page.locator("#f-phone").fill(NUMBER)
    page.locator("#f-name").fill(COMPANY)
    page.get_by_role("button", name="保存并打开").click()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()


def test_the_telephone_rings_and_the_customer_is_on_screen(served, visitors: Visitors, tmp_path: Path) -> None:
    collector = visitors.sign_in("collector")
    collector.context.add_init_script(COUNT_TONES)
    new_customer(collector)
    admin = visitors.sign_in("admin")
    command = pairing_command(admin, name_of(collector))
    box = Box(tmp_path / "usb", descriptors.ad800())
    with box, agent(box, tmp_path, command, served.url):
        other = collector.context.new_page()
        other.goto("/plans")
        collector.goto("/customers")
        collector.locator(".fsearch input[name=q]").focus()
        line = scripts.Ad800(box)
        _rings(line, [collector, other])
        took = _says_its_number(line, [collector, other])
        assert took < 1.0, f"{took:.2f} s from the box to the card"
        for scheme in ("dark", "light"):
            looks.dress(other, scheme, looks.DESK)
            assert looks.violations(other) == []
        assert collector.evaluate("document.activeElement.name") == "q"
        assert collector.evaluate("window.tones") + other.evaluate("window.tones") == 2
        _is_lifted_and_hung_up(line, [collector, other])
        assert collector.evaluate("window.tones") + other.evaluate("window.tones") == 2
        collector.keyboard.press("F2")
        expect(collector.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
        _logs_it(collector)
        _is_pulled_out(box, admin)
    collector.locator("header.rec .tabs").get_by_role("link", name="通话").click()
    expect(collector.locator("main table")).to_contain_text("139****8677")


def _rings(line: scripts.Ad800, pages: list[Page]) -> None:
    line.hold(48, 0.3)
    line.ring()
    for page in pages:
        expect(page.locator(".pop")).to_contain_text("尚无号码")


def _says_its_number(line: scripts.Ad800, pages: list[Page]) -> float:
    """Seconds until the first page shows the name."""
    began = time.monotonic()
    line.caller_id(NUMBER)
    card = pages[0].locator(".pop", has_text=COMPANY)
    card.wait_for(state="visible")
    took = time.monotonic() - began
    for page in pages:
        expect(page.locator(".pop")).to_have_count(1)
        expect(page.locator(".pop")).to_contain_text("139****8677")
    return took


def _is_lifted_and_hung_up(line: scripts.Ad800, pages: list[Page]) -> None:
    line.hold(9, 0.7)
    for page in pages:
        expect(page.locator(".pop")).to_contain_text("通话中")
    line.hold(48, 1.3)
    for page in pages:
        expect(page.locator(".pop")).to_contain_text("通话结束")


def _is_pulled_out(box: Box, admin: Page) -> None:
    """The page of its agent says so within seconds, and not with the next sign of life only."""
    box.pull()
    began = time.monotonic()
    wait_until(lambda: admin.reload() and admin.locator("main li .pill", has_text="已拔出").count())
    assert time.monotonic() - began < 10


def _logs_it(page: Page) -> None:
    page.locator(".pop").get_by_role("link", name="记录通话").click()
    form = page.locator("#dialog[open] form.composer")
    expect(form.locator("[name=direction]")).to_have_value("in")
    assert form.locator("[name=at]").input_value() != ""
    form.locator("textarea[name=body]").fill("来电问轴承培训的日期")
    form.get_by_role("button", name="保存跟进").click()
    expect(page.locator("#timeline")).to_contain_text("来电问轴承培训的日期")
    page.locator(".pop").get_by_role("button", name="收起").click()
    expect(page.locator(".pop")).to_have_count(0)
