"""A security key is pulled out of an emulated USB port: the page shows the sign-in, and what was typed is there again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.testing.waiting import wait_until
from tests.e2e import test_signin_keys as keys
from tests.usbfake import descriptors, programs
from tests.usbfake.box import Box

pytestmark = pytest.mark.skipif(not programs.has_umockdev(), reason=programs.MISSING)
house, newcomer = keys.house, keys.newcomer
TYPED = "客户说下周二再谈"


@contextmanager
def agent(key: Box, folder: Path, command: list[str], url: str) -> Iterator[None]:
    environ = {**os.environ, "BATON_AGENT_DIR": str(folder / "agent")}
    run = [sys.executable, "-m", "baton_agent"]
    subprocess.run([*run, "pair", url, command[-1]], env=environ, check=True, timeout=60)
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen([*run, "run"], env={**environ, **key.environment}, stdout=log, stderr=log)
        try:
            wait_until(lambda: "(fido): up" in (folder / "agent.log").read_text())
            yield
        finally:
            process.terminate()
            assert process.wait(20) == 0, (folder / "agent.log").read_text()


def workstation(admin: Page, name: str) -> list[str]:
    """How the workstation is paired at which `name` works; their key pulled out there signs them out."""
    admin.goto("/settings/telephony")
    form = admin.locator("form[action$='/sources']")
    form.locator("[name=name]").fill("七号工位")
    form.locator("button[type=submit]").click()
    command = admin.locator("[role=status] input[readonly]").input_value().split()
    place = admin.locator("form[action$='/workplace']")
    place.locator("[name=user_id]").select_option(label=name)
    place.locator("[name=locks]").check()
    place.locator("button[type=submit]").click()
    expect(admin.locator("form[action$='/workplace'] [name=locks]")).to_be_checked()
    return command


def with_the_key(page: Page, login: str) -> None:
    """At the sign-in page that is shown, which knows where to go on."""
    page.locator("#f-login").fill(login)
    page.locator("#f-password").fill(keys.PASSWORD)
    page.locator("form[action='/login'] button[type=submit]").click()
    page.get_by_role("button", name=re.compile("Use the key|使用密钥")).press("Enter")


def test_the_sign_in_comes_and_the_text_comes_back(served, house, newcomer, visitors: Visitors, tmp_path: Path) -> None:
    login, link = newcomer
    page = house.window()
    keys.plug_in(page, keys.HARDWARE)
    keys.choose_password(page, link)
    keys.give_password(page, login)
    page.wait_for_url(f"{house.url}/")
    keys.add_key(page, "key", "blue")
    page.goto("/me")
    page.locator("main form[data-logout] button").click()
    page.wait_for_url("**/login")
    with_the_key(page, login)
    page.wait_for_url(f"{house.url}/")
    page.goto("/customers/new")
    page.locator("#f-name").fill("奉化气动元件有限公司")
    page.get_by_role("button", name="保存并打开").click()
    composer = page.locator("form.composer textarea[name=body]")
    composer.fill(TYPED)
    house.watch.expected = {401}
    command = workstation(visitors.sign_in("admin"), login)
    key = Box(tmp_path / "usb", descriptors.security_key())
    with key, agent(key, tmp_path, command, served.url):
        address = page.url
        key.pull()
        page.wait_for_url(re.compile(r"/login\?next="))
    with_the_key(page, login)
    page.wait_for_url(address)
    expect(composer).to_have_value(TYPED)
