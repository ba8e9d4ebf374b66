"""Real calls: sipp telephones through a Kamailio that posts to the webhook, and the card follows them."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.testing.programs import sip_programs
from platform_core.testing.waiting import wait_until

PROGRAMS = sip_programs()
KAMAILIO, SIPP = PROGRAMS or ("", "")
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="needs kamailio, sip-tester and curl (scripts/test-tools)")
CALLER = "13900008699"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def name_of(page: Page) -> str:
    found: str = page.locator("summary.me > span:not(.ava)").evaluate("line => line.firstChild.textContent.trim()")
    return found


def webhook(admin: Page, name: str) -> str:
    """Address of a new exchange whose extension 101 is `name`'s."""
    admin.goto("/settings/telephony")
    form = admin.locator("form[action$='/sources']")
    form.locator("[name=kind]").select_option("webhook")
    form.locator("[name=name]").fill("总机")
    form.locator("button[type=submit]").click()
    address = admin.locator("[role=status] input[readonly]").input_value()
    lines = admin.locator("form[action$='/lines']")
    lines.locator("[name=line]").fill("101")
    lines.locator("[name=user_id]").select_option(label=name)
    lines.locator("button[type=submit]").click()
    expect(admin.locator("main li", has_text="101")).to_be_visible()
    return address


@contextmanager
def running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=log.parent)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def test_calls_through_a_proxy(visitors: Visitors, tmp_path: Path) -> None:
    collector = visitors.sign_in("collector")
    address = webhook(visitors.sign_in("admin"), name_of(collector))
    proxy, telephone = free_port(), free_port()
    config = (Path(__file__).parents[1] / "sip" / "proxy.cfg").read_text("utf-8")
    for word, value in {"PORT": str(proxy), "TARGET": str(telephone), "URL": address}.items():
        config = config.replace(word, value)
    (tmp_path / "proxy.cfg").write_text(config, "utf-8")
    dumped = subprocess.run([SIPP, "-sd", "uac"], capture_output=True, text=True, check=False).stdout
    (tmp_path / "caller.xml").write_text(dumped.replace("<sip:sipp@", f"<sip:{CALLER}@"), "utf-8")
    kamailio = (
        KAMAILIO,
        "-DD",
        "-E",
        "-m",
        "32",
        "-M",
        "4",
        "-Y",
        str(tmp_path),
        "-f",
        str(tmp_path / "proxy.cfg"),
    )
    answering = (SIPP, "-sn", "uas", "-i", "127.0.0.1", "-p", str(telephone), "-nostdin")
    calling = [SIPP, "-sf", str(tmp_path / "caller.xml"), "-i", "127.0.0.1", "-s", "101", "-m", "1", "-nostdin"]
    collector.goto("/customers")
    with running(*kamailio, log=tmp_path / "proxy.log"):
        wait_until(lambda: is_bound(proxy))
        with running(*answering, log=tmp_path / "uas.log"):
            wait_until(lambda: is_bound(telephone))
            call = subprocess.Popen(
                [*calling, "-d", "6000", f"127.0.0.1:{proxy}"], stdout=subprocess.DEVNULL, cwd=tmp_path
            )
            card = collector.locator(".pop")
            expect(card).to_contain_text("139 0000 8699")
            expect(card).to_contain_text("通话中")
            expect(card).to_contain_text("通话结束")
            assert call.wait(30) == 0
    card.get_by_role("button", name="收起").click()  # it would lie over the pages that others look at
    expect(card).to_have_count(0)
    collector.goto("/calls?view=mine")
    row = collector.locator("main tbody tr", has_text="139****8699")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("已接")
