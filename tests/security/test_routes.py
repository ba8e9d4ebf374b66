"""Every handler of the application: nobody, somebody without the right, and somebody without a part come no further."""

from __future__ import annotations

from platform_core.contracts.identity import Scope
from tests.security.houses import MISSING, RECORDS, House

PUBLIC = {
    "GET /healthz",
    "GET /login",
    "POST /login",
    "POST /login/key",
    "POST /login/passkey",
    "POST /me/preferences",
    "GET /messages/told/{account_id}/{signature}",
    "POST /messages/told/{account_id}/{signature}",
    "GET /reset/{code}",
    "POST /reset/{code}",
    "POST /reset/{code}/check",
    "GET /setup/{code}",
    "POST /setup/{code}",
    "POST /setup/{code}/check",
    "GET /static/{file}",
    # What an installed application keeps; both are the same for everybody.
    "GET /sw.js",
    "GET /offline",
    "GET /static/themes/{file}",
    # Whoever has a pairing code gets a token for it, once.
    "POST /api/v1/telephony/pair",
    # The description of the API, only where BATON_API_DOCS is on.
    "GET /api/v1",
    "GET /api/v1/openapi.json",
    "GET /api/v1/{path}",
}


def test_only_these_are_open_to_everybody(demo_house: House) -> None:
    doors = demo_house.doors()
    assert {f"{door.method} {door.path}" for door in doors if door.permission in {"", "public"}} == PUBLIC
    assert len(doors) > 150


def test_nobody_is_led_to_the_sign_in(demo_house: House) -> None:
    nobody, ids, wrong = demo_house.nobody(), demo_house.ids(), []
    for door in demo_house.doors():
        if door.permission in {"", "public"}:
            continue
        answer = nobody.request(door.method, door.at(ids))
        if door.is_api:
            fine = answer.status_code == 401
            fine &= answer.headers["content-type"].startswith("application/problem+json")
        else:
            # An event stream cannot be led anywhere.
            fine = door.name == "web:live" and answer.status_code == 401
            fine |= answer.status_code == 303 and answer.headers["location"].startswith("/login")
        if not fine:
            wrong.append(f"{answer.status_code} {door.method} {door.path}")
    assert not wrong


def test_without_the_permission_every_handler_refuses(demo_house: House) -> None:
    powerless, ids, wrong = demo_house.newcomer("powerless", set()), demo_house.ids(), []
    for door in demo_house.doors():
        if door.permission in {"", "public", "signed-in"}:
            continue
        answer = powerless.request(door.method, door.at(ids))
        if answer.status_code != 403:
            wrong.append(f"{answer.status_code} {door.method} {door.path}")
    assert not wrong


def test_a_module_is_entered_by_a_right_of_its_own(demo_house: House) -> None:
    """Every right of every other module opens no door of it, whatever right the door itself asks for."""
    ids, declared, wrong, tried = demo_house.ids(), demo_house.runtime.manager, [], 0
    for name, plugin in declared.plugins.items():
        entry = declared.entry(name)
        if plugin.builtin or not entry:
            continue
        others = demo_house.newcomer(f"all but {name}", demo_house.permissions() - set(entry), Scope.ALL)
        doors = [door for door in demo_house.doors() if door.name.startswith(f"{name}:")]
        for door in doors:
            if door.permission in {"", "public", "signed-in"}:
                continue
            tried += 1
            answer = others.request(door.method, door.at(ids))
            if answer.status_code != 403:
                wrong.append(f"{answer.status_code} {door.method} {door.path}")
        page = others.get(f"/customers/{ids['customer_id']}").text
        own = {door.path.partition("{")[0] for door in doors if not door.is_api} - {"/customers/"}
        wrong += [f"{name}: {path} on the customer's page" for path in own if f'"{path}' in page]
    assert tried > 60
    assert not wrong


def test_with_every_permission_but_no_part_records_of_others_do_not_exist(demo_house: House) -> None:
    """A foreign id answers as an id that nobody has, so it tells nothing."""
    stranger = demo_house.newcomer("stranger", demo_house.permissions())
    ids, wrong, tried = demo_house.ids(), [], 0
    for door in demo_house.doors():
        if not set(door.parameters) & set(RECORDS):
            continue
        tried += 1
        foreign, missing = door.at(ids), door.at(ids | dict.fromkeys(RECORDS, MISSING))
        answers = [stranger.request(door.method, url) for url in (foreign, missing)]
        codes = [answer.status_code for answer in answers]
        # A form that says nothing, or a body of no JSON, may be refused before anything is looked up.
        allowed = {404} if door.method in {"GET", "DELETE"} else {400, 404, 422}
        if codes[0] != codes[1] or codes[0] not in allowed:
            wrong.append(f"{codes} {door.method} {door.path}")
    assert tried > 60
    assert not wrong


def test_forms_for_a_foreign_customer_do_not_open(demo_house: House) -> None:
    stranger, ids = demo_house.newcomer("stranger", demo_house.permissions()), demo_house.ids()
    for page in ("/engagements/new?customer_id", "/plans/new?customer", "/follow-ups/new?customer"):
        codes = [stranger.get(f"{page}={key}").status_code for key in (ids["customer_id"], MISSING)]
        assert codes == [404, 404], page
