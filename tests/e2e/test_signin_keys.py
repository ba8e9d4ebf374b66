"""Keys in a real browser: Chromium's virtual authenticator answers as a security key or a passkey would."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors

PASSWORD = "green tea in the afternoon"
HARDWARE = {"transport": "usb", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
BUILT_IN = {**HARDWARE, "transport": "internal", "defaultBackupEligibility": True, "defaultBackupState": True}


@pytest.fixture
def house(served, engine) -> Iterator[Visitors]:
    """Windows at the name of this machine: keys belong to names, not to numbers."""
    found = Visitors(engine, served.url.replace("127.0.0.1", "localhost"), PASSWORD)
    yield found
    found.close()
    found.watch.check()


@pytest.fixture
def newcomer(served) -> tuple[str, str]:
    """The path of a set-up link of an account that nobody has signed in with."""
    login = f"keys{served.log.stat().st_size}"
    served.command("user", "add", login, "--role", "coordinator")
    return login, re.findall(r"/reset/[\w-]+", served.log.read_text())[-1]


def plug_in(page: Page, options: dict, credential: dict | None = None):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable", {"enableUI": False})
    wanted = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "automaticPresenceSimulation": True, **options}
    found = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})["authenticatorId"]
    if credential:
        devtools.send("WebAuthn.addCredential", {"authenticatorId": found, "credential": credential})
    return devtools, found


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    first = page.locator("#f-password")
    first.press_sequentially("Password2026!", delay=5)
    expect(page.locator("#password-note .field-error")).to_be_visible()
    first.fill("")
    first.press_sequentially(PASSWORD, delay=5)
    expect(page.locator("#password-note .field-ok")).to_be_visible()
    page.locator("#f-again").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/login?chosen=1")


def give_password(page: Page, login: str) -> None:
    page.goto("/login")
    page.locator("#f-login").fill(login)
    page.locator("#f-password").fill(PASSWORD)
    page.locator("form[action='/login'] button[type=submit]").click()


def add_key(page: Page, kind: str, name: str) -> None:
    page.goto("/me/keys")
    page.locator(f"input[name=kind][value={kind}]").check()
    page.locator("#f-new-name").fill(name)
    page.locator("form[action='/me/keys'] button[type=submit]").click()
    page.wait_for_url("**/me/keys?done=added")


def test_from_a_set_up_link_to_a_key_and_back_in_with_it(house, newcomer):
    login, link = newcomer
    page = house.window()
    devtools, key = plug_in(page, HARDWARE)
    choose_password(page, link)
    give_password(page, login)
    page.wait_for_url(f"{house.url}/")
    add_key(page, "key", "blue")
    expect(page.locator(".people").first).to_contain_text("blue")
    page.locator("form[action='/me/keys/codes'] button").click()
    expect(page.locator(".codes li")).to_have_count(10)
    code = page.locator(".codes code").first.text_content()
    (stored,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert stored["rpId"] == "localhost"

    elsewhere = house.window(lang="en")
    devtools, key = plug_in(elsewhere, HARDWARE, {**stored, "signCount": stored["signCount"] + 1})
    give_password(elsewhere, login)
    elsewhere.get_by_role("button", name=re.compile("Use the key|使用密钥")).press("Enter")
    elsewhere.wait_for_url(f"{house.url}/")
    elsewhere.goto("/me/keys")
    expect(elsewhere.locator(".pill.jade")).to_be_visible()

    house.watch.expected = {422}
    without = house.window()
    give_password(without, login)
    without.locator("details summary").click()
    without.locator("#f-code").fill("not a code")
    without.locator("details button[type=submit]").click()
    expect(without.locator("[role=alert]")).to_be_visible()
    without.locator("details summary").click()
    without.locator("#f-code").fill(code)
    without.locator("details button[type=submit]").click()
    without.wait_for_url(f"{house.url}/")


def test_a_passkey_signs_in_alone(house, newcomer):
    login, link = newcomer
    page = house.window(lang="en")
    devtools, key = plug_in(page, BUILT_IN)
    choose_password(page, link)
    give_password(page, login)
    page.wait_for_url(f"{house.url}/")
    add_key(page, "passkey", "this laptop")
    page.goto("/me")
    page.locator("main form[data-logout] button").click()
    page.wait_for_url("**/login")
    page.locator("form[action='/login/passkey'] button").click()
    page.wait_for_url(f"{house.url}/")

    # One that does not know its owner, such as after a wrong PIN, opens nothing.
    page.goto("/me")
    page.locator("main form[data-logout] button").click()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.locator("form[action='/login/passkey'] button").click()
    expect(page.locator("form[action='/login/passkey'] [data-key-says=silent]")).to_be_visible()


def test_at_an_address_of_numbers_the_page_says_where_keys_work(served, engine):
    visitors = Visitors(engine, served.url, PASSWORD)
    try:
        page = visitors.window()
        page.goto("/login")
        expect(page.locator("form[action='/login/passkey'] button")).to_be_disabled()
        expect(page.locator("form[action='/login/passkey'] [data-key-says=place]")).to_contain_text("localhost")
    finally:
        visitors.close()
    visitors.watch.check()


def test_without_a_script_the_pages_say_so(house):
    page = house.window(java_script_enabled=False, lang="en")
    page.goto("/login")
    expect(page.locator("form[action='/login/passkey'] noscript p")).to_be_visible()
