"""A security key that is pulled out of a workstation, as its agent tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.telephony.models import Heard
from sqlalchemy import select, update

from platform_core.api import new_id, now
from platform_core.audit.models import AuditEntry
from platform_core.users.keymodels import Credential
from platform_core.users.models import SignInSession


@pytest.fixture
def key(house):
    """A key of Carol's, with which whatever she is signed in to was opened."""
    with house.runtime.database.system_session("a key") as session:
        carol = house.people["carol"].id
        session.add(
            found := Credential(
                id=new_id(), user_id=carol, key_id=b"k", public_key=b"p", name="blue", kind="key", transports="usb"
            )
        )
    return found.id


def signed_in(house, name, key=None):
    page = house.page(name)
    with house.runtime.database.system_session("with a key") as session:
        mine = SignInSession.user_id == house.people[name].id
        moment = now() - timedelta(seconds=5)
        session.execute(update(SignInSession).where(mine).values(credential_id=key, created_at=moment))
    return page


def choose(house, box, *, locks="1", name="carol"):
    user = str(house.people[name].id) if name else ""
    form = {"user_id": user, **({"locks": locks} if locks else {})}
    return house.page("admin").post(f"/settings/telephony/sources/{box.source.id}/workplace", form)


def pull(box, event="e1", at=None, token=None):
    news = {"id": event, "at": (at or now()).isoformat(), "key": "1050:0402/77"}
    body = {"sent_at": now().isoformat(), "pulled": [news]}
    headers = {"Authorization": f"Agent {token or box.token}"}
    return box.house.browser.request("POST", "/api/v1/telephony/events", json=body, headers=headers)


def look(house, statement):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_it_ends_what_was_opened_with_a_key(house, key):
    box = house.agent()
    assert choose(house, box).status_code == 303
    page = signed_in(house, "carol", key)
    assert page.get("/customers").status_code == 200
    assert pull(box).json() == {"taken": ["e1"]}
    assert ("carol", "notify") in house.signalled
    assert ("carol", "ended") in house.signalled
    answer = page.get("/notifications/bell", htmx=True)
    assert answer.status_code == 401
    assert page.get("/customers").headers["location"] == "/login?next=/customers"
    (line,) = look(house, select(AuditEntry).where(AuditEntry.action == "telephony.key_pulled"))
    assert line.after == {"person": "Carol", "count": 1}
    assert "sessions ended" in house.page("admin").get("/settings/telephony").text
    # The same news again, and news of before the next sign-in, leave that alone.
    again = signed_in(house, "carol", key)
    for event in ("e1", "e2"):
        pull(box, event, at=now() - timedelta(minutes=1))
    assert again.get("/customers").status_code == 200


@pytest.mark.parametrize("case", ["not chosen", "nobody", "somebody else", "password", "wrong token"])
def test_it_ends_nothing_else(house, key, case):
    box = house.agent()
    if case in {"password", "wrong token"}:
        choose(house, box)
    elif case == "somebody else":
        choose(house, box, name="otto")
    elif case == "not chosen":
        choose(house, box, locks="")
    page = signed_in(house, "carol", None if case == "password" else key)
    status = pull(box, token="nonsense" if case == "wrong token" else None).status_code
    assert status == (401 if case == "wrong token" else 200)
    assert page.get("/customers").status_code == 200
    outcomes = {"password": ["locked"], "somebody else": ["locked"], "wrong token": []}
    assert look(house, select(Heard.outcome)) == outcomes.get(case, ["ignored"])


def test_locking_needs_somebody_to_lock_out(house):
    box = house.agent()
    refused = choose(house, box, name="")
    assert refused.status_code == 422
    assert "their sessions that end" in refused.text
    assert choose(house, box, name="", locks="").status_code == 303
    assert house.page("carol").post(f"/settings/telephony/sources/{box.source.id}/workplace", {}).status_code == 403
