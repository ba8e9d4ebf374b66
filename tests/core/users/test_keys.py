"""Security keys and passkeys: registering, signing in, proving to be there; a key in software answers for the browser."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from platform_core.kernel.clock import freeze, now
from platform_core.testing.softkey import Maker, SoftKey
from platform_core.users import accounts
from platform_core.users.keymodels import Credential, RecoveryCode
from platform_core.users.models import Notification, User
from tests.core.users.keyring import ENGLISH, PASSWORD, demand, look, options_of, trail


def test_a_key_is_registered_named_used_and_removed(runtime, person, count_queries):
    li, key = person(), SoftKey()
    with count_queries(at_most=12):
        assert li.page.get("/me/keys").status_code == 200
    assert li.add(key).headers["location"] == "/me/keys?done=added"
    (stored,) = look(runtime, select(Credential))
    assert (stored.name, stored.kind, stored.transports) == ("the blue one", "key", "usb")
    with count_queries(at_most=12):
        shown = li.page.get("/me/keys").text
    assert "the blue one" in shown
    assert li.page.post(f"/me/keys/{stored.id}", {"name": "green"}).status_code == 303
    window = li.inside(li.both(key))
    assert look(runtime, select(Credential))[0].used_at > stored.used_at
    assert "signed in with it" in window.get("/me/keys").text
    assert window.post(f"/me/keys/{stored.id}/remove", {}).status_code == 303
    assert li.password().status_code == 303, "without a key the password is enough again"
    names = [trail(runtime, f"users.{verb}_key")[0].entity_label for verb in ("add", "rename", "remove")]
    assert names == ["the blue one", "green", "green"]


def test_removing_a_key_ends_what_was_signed_in_with_it(runtime, person):
    li, lost, other = person(), SoftKey(), SoftKey()
    li.add(lost)
    li.add(other)
    with_lost, with_other = li.inside(li.both(lost)), li.inside(li.both(other))
    stored = {one.key_id: one.id for one in look(runtime, select(Credential))}
    assert with_other.post(f"/me/keys/{stored[lost.key_id]}/remove", {}).status_code == 303
    assert with_lost.get("/me").status_code == 303
    assert with_other.get("/me").status_code == 200
    assert li.both(lost).status_code == 422


def test_keys_change_only_within_five_minutes_of_a_proof(runtime, person):
    li, key = person(), SoftKey()
    li.add(key)
    (stored,) = look(runtime, select(Credential))
    with freeze(now() + timedelta(minutes=6)):
        shown = li.page.get("/me/keys").text
        assert "first confirm that it is you" in shown
        assert 'data-webauthn="create"' not in shown
        refused = li.page.post(f"/me/keys/{stored.id}/remove", {})
        assert refused.headers["location"] == "/me/keys/confirm?next=/me/keys"
        asked = li.page.get(refused.headers["location"])
        assert 'type="password"' not in asked.text, "whoever has a key proves it with the key"
        wrong = li.page.post("/me/keys/confirm", {"credential": SoftKey().get(options_of(asked, "get"))})
        assert "has not answered" in wrong.text
        right = {"credential": key.get(options_of(li.page.get("/me/keys/confirm"), "get")), "next": "/me/keys"}
        assert li.page.post("/me/keys/confirm", right).headers["location"] == "/me/keys"
        assert li.page.post(f"/me/keys/{stored.id}/remove", {}).headers["location"] == "/me/keys?done=removed"
    assert [entry.result for entry in trail(runtime, "users.confirm")] == ["failed"]


def test_the_password_proves_it_where_there_is_no_key(person):
    li = person()
    with freeze(now() + timedelta(minutes=6)):
        wrong = li.page.post("/me/keys/confirm", {"password": "wrong", "next": "/me"})
        assert "not your password" in wrong.text
        assert li.page.post("/me/keys/confirm", {"password": PASSWORD, "next": "/me"}).headers["location"] == "/me"
        assert 'data-webauthn="create"' in li.page.get("/me/keys").text


FORGED = {
    "another site": {"origin": "https://baton.example"},
    "another kind of act": {"type": "webauthn.create"},
    "another domain": {"rp_id": "baton.example"},
    "another challenge": {"challenge": "MTIz"},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
def test_forged_answers_of_a_key_are_refused(runtime, person, changes):
    li, key = person(), SoftKey()
    li.add(key)
    refused = li.both(key, **changes)
    assert refused.status_code == 422
    assert "set-cookie" not in refused.headers
    assert trail(runtime, "users.login")[-1].reason.startswith("key: ")


def test_an_answer_serves_once_and_only_for_what_it_was_asked_for(runtime, person):
    li, key = person(), SoftKey()
    li.add(key)
    first = li.password()
    answer = key.get(options_of(first, "get"))
    assert li.second(first, credential=answer).status_code == 303
    key.counter += 1
    assert li.second(first, credential=answer).status_code == 422, "the same answer again"
    with freeze(now() + timedelta(minutes=6)):
        for_stepup = key.get(options_of(li.page.get("/me/keys/confirm"), "get"))
        assert li.second(li.password(), credential=for_stepup).status_code == 422, "an answer to another question"
    late = li.password()
    slow = key.get(options_of(late, "get"))
    with freeze(now() + timedelta(minutes=11)):
        refused = li.second(late, credential=slow)
    assert "took too long" in refused.text


def test_a_copied_key_is_noticed_by_its_counter(runtime, person):
    li, key = person(), SoftKey()
    li.add(key)
    assert li.both(key).status_code == 303
    key.counter = 0
    assert li.both(key).status_code == 422
    assert "a copy of this key may exist" in trail(runtime, "users.login")[-1].reason


def test_somebody_elses_key_opens_nothing(person):
    li, wang, key = person(), person(), SoftKey()
    li.add(SoftKey())
    wang.add(key)
    assert li.both(key).status_code == 422


def test_password_and_key_are_both_needed(person):
    li, key = person(), SoftKey()
    li.add(key)
    first = li.password()
    assert "set-cookie" not in first.headers
    assert li.second(first, credential="").status_code == 422
    assert li.second(first, credential="not json").status_code == 422
    wrong = li.browser.post("/login/key", {"pass_on": "x.1.y", "credential": "{}"}, headers=ENGLISH)
    assert "took too long" in wrong.text


def test_a_changed_password_ends_a_sign_in_half_way(runtime, person):
    li, key = person(), SoftKey()
    li.add(key)
    first = li.password()
    answer = key.get(options_of(first, "get"))
    with runtime.database.system_session("test") as session:
        accounts.set_password(session, session.get_one(User, li.user.id), "green tea in the afternoon")
    assert "took too long" in li.second(first, credential=answer).text


def test_guesses_at_codes_are_slowed_down(person):
    li = person()
    li.add(SoftKey())
    first = li.password()
    answers = [li.second(first, code=f"guess-{number}").status_code for number in range(7)]
    assert answers == [422] * 5 + [429] * 2


def test_a_passkey_signs_in_alone_when_it_has_asked_its_owner(runtime, person, factory):
    li, key = person(), SoftKey(hardware=False)
    li.add(key, "passkey")
    assert look(runtime, select(Credential))[0].kind == "passkey"

    def alone():
        answer = key.get(options_of(li.browser.get("/login"), "get"))
        return li.browser.post("/login/passkey", {"credential": answer, "next": "/me"}, headers=ENGLISH)

    entered = alone()
    assert (entered.status_code, entered.headers["location"]) == (303, "/me")
    assert trail(runtime, "users.login")[-1].reason == "passkey"
    key.verifies = False
    assert alone().status_code == 422, "without PIN, finger or face it is one factor only"
    key.verifies = True
    demand(runtime, factory, "coordinator", "passkey")
    assert alone().status_code == 303
    demand(runtime, factory, "coordinator", "key")
    assert "password and security key together" in alone().text


def test_an_unknown_passkey_gets_one_answer_whatever_it_names(person):
    li, stranger = person(), SoftKey(hardware=False)
    texts = set()
    for owner in (li.user.id.bytes, b"x" * 16, b""):
        stranger.owner = owner
        answer = stranger.get(options_of(li.browser.get("/login"), "get"))
        refused = li.browser.post("/login/passkey", {"credential": answer}, headers=ENGLISH)
        assert refused.status_code == 422
        texts.add(re.sub(r'data-options="[^"]*"', "", refused.text))
    assert len(texts) == 1


def test_recovery_codes_open_once_each_and_are_stored_as_digests(runtime, person):
    li = person()
    li.add(SoftKey())
    page = li.page.post("/me/keys/codes", {})
    codes = re.findall(r"<code>([a-z2-9-]+)</code>", page.text)
    assert len(set(codes)) == 10
    assert "printable" in page.text
    stored = look(runtime, select(RecoveryCode.digest))
    assert all(len(digest) == 32 and codes[0].encode() not in digest for digest in stored)
    entered = li.second(li.password(), code=codes[0].upper().replace("-", " "))
    assert entered.status_code == 303
    assert li.second(li.password(), code=codes[0]).status_code == 422
    assert any("recovery code was used" in row.message for row in look(runtime, select(Notification)))
    assert "9" in re.search(r"<h2>[^<]*<svg.*?</svg>Recovery codes<small>(\d+)", li.page.get("/me/keys").text)[1]
    li.page.post("/me/keys/codes", {})
    assert li.second(li.password(), code=codes[1]).status_code == 422, "new codes end the ones before"


def test_a_house_accepts_the_models_it_names_and_their_makers_prove_them(runtime, person):
    maker, other = Maker(UUID(int=7)), Maker(UUID(int=8))
    security, li = person("security_admin"), person()
    at = "/settings/sign-in/makes"
    plain = SoftKey()
    assert li.add(plain).status_code == 303, "every model, where none is named"
    for wrong in (
        {"models": "not-an-aaguid", "roots": maker.root},
        {"models": f"{maker.aaguid} blue", "roots": ""},
        {"models": f"{maker.aaguid} blue", "roots": "-----BEGIN CERTIFICATE-----\nnonsense"},
    ):
        assert security.page.post(at, wrong).status_code == 422
    with freeze(now() + timedelta(minutes=6)):
        asked = security.page.post(at, {"models": f"{maker.aaguid} blue", "roots": maker.root})
        assert asked.headers["location"].startswith("/me/keys/confirm")
    kept = {"models": f"{maker.aaguid} the blue one\n{UUID(int=9)}", "roots": maker.root}
    assert security.page.post(at, kept).status_code == 303
    assert "the blue one" in security.page.get("/settings/sign-in").text
    assert json.loads(options_of(li.page.get("/me/keys"), "create", "key"))["attestation"] == "direct"
    for key in (
        SoftKey(),
        SoftKey(claims=maker.aaguid),
        SoftKey(maker=other),
        SoftKey(maker=other, claims=maker.aaguid),
        SoftKey(maker=maker, claims=other.aaguid),
        SoftKey(maker=maker, claims=UUID(int=9)),
    ):
        refused = li.add(key)
        assert refused.status_code == 422, key
    assert "not accepted here" in li.add(SoftKey()).text
    assert li.add(SoftKey(maker=maker)).status_code == 303
    assert len(look(runtime, select(Credential).where(Credential.user_id == li.user.id))) == 2, "that from before stays"
    assert [line.after["certificates"] for line in trail(runtime, "users.key_makes")] == [1]
    security.page.post(at, {"models": "", "roots": ""})
    assert li.add(SoftKey()).status_code == 303
