"""One request, from cookie to commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from litestar import Request, Response
from litestar.testing import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.app import Runtime, create_app
from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Routes
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.plugins.registry import DeclarationError, Owned
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.queries import QueryCounter
from platform_core.users.models import Team
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import FormData
from platform_core.web.routing import get, post


class TeamInput(msgspec.Struct):
    name: str


@post("/teams", permission=SIGNED_IN, name="web:test_teams")
def add_team(session: Session, actor: Actor, form: FormData) -> Response[str]:
    session.add(Team(name=form.get("name")))
    if form.get("name") == "refused":
        return Response("<form>", status_code=422, media_type="text/html")
    if form.get("name") == "broken":
        raise Invalid("no", fields={"name": "not this one"})
    return Response(f"<p>{actor.name} added {form.get('name')}</p>", media_type="text/html")


@post("/json-teams", permission="users.manage", name="web:test_json_teams")
def add_team_json(session: Session, data: TeamInput) -> TeamInput:
    session.add(Team(name=data.name))
    session.flush()  # so that a duplicate shows here
    return data


@get("/gone", permission=SIGNED_IN, name="web:test_gone")
def gone() -> Response[str]:
    raise NotFound("nothing here")


@get("/numbered", permission="users.manage", name="web:test_numbered")
def numbered(number: int) -> Response[str]:
    return Response(str(number), media_type="text/html")


@post("/clash", permission=SIGNED_IN, name="web:test_clash")
def clash() -> Response[str]:
    raise Conflict("somebody was faster")


@get("/bug", permission=SIGNED_IN, name="web:test_bug")
def bug(request: Request[Any, Any, Any]) -> Response[str]:
    message = f"secret 13800000000 {request.method}"
    raise LookupError(message)


@get("/next-day", permission=SIGNED_IN, name="web:test_next_day")
def next_day(day: date) -> Response[str]:
    return Response(str(day + timedelta(days=1)), media_type="text/html")


@pytest.fixture
def lab(runtime: Runtime) -> Iterator[Browser]:
    """A browser on an application that also serves the handlers above."""
    pages, api = Routes("/_lab", [add_team, gone, numbered, clash, bug, next_day]), Routes("/_lab", [add_team_json])
    declared = runtime.manager.declared
    declared.routes._items["/_lab"] = Owned("web", pages)
    declared.api._items["/_lab"] = Owned("web", api)
    try:
        with TestClient(create_app(runtime, background=False), raise_server_exceptions=False) as client:
            yield Browser(runtime, client)
    finally:
        del declared.routes._items["/_lab"]
        del declared.api._items["/_lab"]


def teams(factory: Factory) -> int:
    with factory.runtime.database.system_session("test") as session:
        return session.scalar(select(func.count()).select_from(Team)) or 0


@pytest.fixture
def signed_in(lab: Browser, factory: Factory) -> Browser:
    return lab.sign_in(factory.user("system_admin"))


def test_nobody_is_sent_to_the_login_page(lab: Browser) -> None:
    answer = lab.get("/_lab/gone")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/_lab/gone"


def test_an_api_client_without_token_gets_a_problem(lab: Browser) -> None:
    answer = lab.post("/api/v1/_lab/json-teams", json={"name": "a"})
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_post_commits_and_answers(signed_in: Browser, factory: Factory) -> None:
    answer = signed_in.post("/_lab/teams", {"name": "north"})
    assert answer.status_code == 200
    assert "added north" in answer.text
    assert teams(factory) == 1


def test_a_refused_form_saves_nothing(signed_in: Browser, factory: Factory) -> None:
    assert signed_in.post("/_lab/teams", {"name": "refused"}).status_code == 422
    assert signed_in.post("/_lab/teams", {"name": "broken"}).status_code == 422
    assert teams(factory) == 0


@pytest.mark.parametrize("headers", [{"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}])
def test_a_post_without_the_token_is_refused(signed_in: Browser, factory: Factory, headers: dict[str, str]) -> None:
    assert signed_in.post("/_lab/teams", {"name": "x"}, headers=headers).status_code == 403
    assert teams(factory) == 0


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
def test_a_post_from_another_site_is_refused(signed_in: Browser, factory: Factory, headers: dict[str, str]) -> None:
    assert signed_in.post("/_lab/teams", {"name": "x"}, headers=headers).status_code == 403
    assert teams(factory) == 0


def test_the_token_may_come_as_a_field(signed_in: Browser, factory: Factory) -> None:
    data = {"name": "plain form", "_csrf": signed_in.csrf}
    assert signed_in.post("/_lab/teams", data, headers={"X-CSRF-Token": ""}).status_code == 200
    assert teams(factory) == 1


def test_a_repeated_key_replays_the_answer(signed_in: Browser, factory: Factory) -> None:
    first = signed_in.post("/_lab/teams", {"name": "once", "_key": "k1"})
    second = signed_in.post("/_lab/teams", {"name": "once", "_key": "k1"})
    assert second.text == first.text
    assert second.headers["idempotent-replay"] == "true"
    assert teams(factory) == 1


def test_a_key_reused_for_something_else_is_refused(signed_in: Browser, factory: Factory) -> None:
    signed_in.post("/_lab/teams", {"name": "one", "_key": "k1"})
    assert signed_in.post("/_lab/teams", {"name": "two", "_key": "k1"}).status_code == 422
    assert teams(factory) == 1


def test_a_refused_form_may_be_corrected_under_the_same_key(signed_in: Browser, factory: Factory) -> None:
    assert signed_in.post("/_lab/teams", {"name": "refused", "_key": "k1"}).status_code == 422
    assert signed_in.post("/_lab/teams", {"name": "better", "_key": "k1"}).status_code == 200
    assert teams(factory) == 1


def test_parallel_posts_with_one_key_act_once(signed_in: Browser, factory: Factory) -> None:
    codes: list[int] = []

    def send() -> None:
        codes.append(signed_in.post("/_lab/teams", {"name": "race", "_key": "k1"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 5
    assert teams(factory) == 1


def test_bearer_tokens_need_no_csrf_token_and_keys_come_as_a_header(lab: Browser, factory: Factory) -> None:
    program = lab.token(factory.user("system_admin"))
    for _ in range(2):
        answer = program.post("/api/v1/_lab/json-teams", json={"name": "api"}, headers={"Idempotency-Key": "a"})
        assert answer.status_code == 200
        assert answer.json() == {"name": "api"}
    assert teams(factory) == 1


def test_a_missing_permission_is_refused_and_written_down(lab: Browser, factory: Factory) -> None:
    program = lab.token(factory.user("finance"))
    answer = program.post("/api/v1/_lab/json-teams", json={"name": "api"})
    assert answer.status_code == 403
    with factory.runtime.database.system_session("test") as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.result) == ("permissions.denied", "denied")


def test_a_malformed_body_names_the_field(lab: Browser, factory: Factory) -> None:
    program = lab.token(factory.user("system_admin"))
    answer = program.post("/api/v1/_lab/json-teams", json={"name": 5})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "name"


MALFORMED: list[dict[str, Any]] = [
    {"json": {"name": 5}},
    {"json": {}},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"content": b"\xff", "headers": {"Content-Type": "application/json"}},
]


@pytest.mark.parametrize("body", MALFORMED)
def test_who_may_not_come_in_does_not_hear_what_was_wrong(
    lab: Browser, factory: Factory, count_queries: QueryCounter, body: dict[str, Any]
) -> None:
    nobody = lab.post("/api/v1/_lab/json-teams", **body)
    assert nobody.status_code == 401
    assert nobody.json()["errors"] == []
    powerless = lab.token(factory.user("finance")).post("/api/v1/_lab/json-teams", **body)
    assert (powerless.status_code, powerless.json()["errors"]) == (403, [])
    with factory.runtime.database.system_session("test") as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["permissions.denied"]
    program = lab.token(factory.user("system_admin"))
    program.get("/api/v1/users")  # notes that the token is in use
    with count_queries(at_most=1):
        assert program.post("/api/v1/_lab/json-teams", **body).status_code in {400, 422}
    assert teams(factory) == 0


def test_a_page_with_an_unreadable_address_first_asks_who_it_is(lab: Browser, factory: Factory) -> None:
    assert lab.get("/_lab/numbered?number=x").status_code == 303
    assert lab.sign_in(factory.user("finance")).get("/_lab/numbered?number=x").status_code == 403
    assert lab.sign_in(factory.user("system_admin")).get("/_lab/numbered?number=x").status_code == 422
    assert lab.sign_in(factory.user("system_admin")).get("/_lab/numbered?number=5").text == "5"


def test_errors_become_pages_and_toasts(signed_in: Browser) -> None:
    assert signed_in.get("/_lab/gone").status_code == 404
    assert signed_in.get("/no/such/page").status_code == 404
    toast = signed_in.post("/_lab/clash", {}, htmx=True)
    assert toast.status_code == 409
    assert "somebody was faster" in toast.text
    assert "<html" not in toast.text


def test_a_bug_tells_nothing_about_itself(signed_in: Browser) -> None:
    answer = signed_in.get("/_lab/bug")
    assert answer.status_code == 500
    assert "13800000000" not in answer.text


def test_a_day_that_has_none_after_it_is_no_bug(signed_in: Browser) -> None:
    assert signed_in.get("/_lab/next-day?day=2026-12-31").text == "2027-01-01"
    refused = signed_in.get("/_lab/next-day?day=9999-12-31")
    assert refused.status_code == 422
    assert "A date or a number is out of range." in refused.text


def test_every_answer_carries_the_security_headers(lab: Browser) -> None:
    headers = lab.get("/healthz").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "HX-Request" in headers["vary"]


def test_a_handler_without_permission_stops_the_start(runtime: Runtime) -> None:
    import litestar

    @litestar.get("/open", name="web:open", sync_to_thread=False)
    def unguarded() -> str:
        return "x"

    declared = runtime.manager.declared
    declared.routes._items["/_open"] = Owned("web", Routes("/_open", [unguarded]))
    try:
        with pytest.raises(DeclarationError, match="names no permission"):
            create_app(runtime)
    finally:
        del declared.routes._items["/_open"]


CHINESE = {"Accept-Language": "zh-CN"}
ENGLISH = {"Accept-Language": "en"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_refusals_speak_the_language_of_whoever_was_recognised(lab, factory, language):
    """Not the browser's: somebody who chose English is told so on a colleague's machine as well."""
    user = factory.user("", language=language)
    person, program = lab.sign_in(user), lab.token(user)
    other = CHINESE if language == "en" else ENGLISH
    wanted = {"en": "Ask whoever runs this installation", "zh": "请联系系统的运维人员"}[language]
    bug = {"en": "Something went wrong on our side", "zh": "出了问题"}[language]
    answers = [
        person.get("/settings/users", headers=other),
        person.get("/settings/users", headers=other, htmx=True),
        program.get("/api/v1/users", headers=other),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    for answer in answers:
        assert wanted in answer.text
    assert f'lang="{language}' in answers[0].text
    assert bug in person.get("/_lab/bug", headers=other).text
    missing = person.get("/customers/01900000-0000-7000-8000-000000000000", headers=other)
    assert f'lang="{language}' in missing.text


def test_before_anybody_is_recognised_the_browser_s_language_counts(lab, factory):
    assert 'lang="zh' in lab.get("/no-such-page", headers=CHINESE).text
    assert 'lang="en' in lab.get("/no-such-page", headers=ENGLISH).text
    assert "请先登录" in lab.get("/api/v1/users", headers=CHINESE).text
    signed_in = lab.sign_in(factory.user(language="zh"))
    saved = signed_in.post("/me", {"language": "en", "_csrf": signed_in.csrf})
    assert "baton-language=en" in saved.headers["set-cookie"]
    kept = {"Cookie": "baton-language=en", **CHINESE}
    assert 'lang="en' in lab.get("/no-such-page", headers=kept).text


def test_a_refused_right_is_named_with_who_gives_it(browser, factory):
    factory.user("security_admin", name="Sam")
    colleague = factory.user("coordinator", name="Carl")
    refused = browser.sign_in(colleague).get("/audit")
    assert refused.status_code == 403
    assert "“Read the audit trail”. Ask for it: Sam." in refused.text
    told = browser.token(colleague).get("/api/v1/teams").json()["title"]
    assert "Ask for it: Sam." in told
