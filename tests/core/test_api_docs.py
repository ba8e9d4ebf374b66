"""docs/api.md is run from top to bottom; the description of the API says something about every operation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from baton_plugins.opportunities.models import ProjectType
from sqlalchemy import select, update

from platform_core.customers.models import Attachment
from platform_core.kernel.ids import new_id
from platform_core.relay.models import Route, RouteStep

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
_BLOCK = re.compile(r"^```http *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{(\w+)\}")


@pytest.fixture
def people(runtime, factory):
    collect, train = factory.department("collect"), factory.department("train")
    route = Route(code="training", name="Training")
    factory.add(route)
    for position, department in enumerate((collect, train), 1):
        factory.add(RouteStep(route_id=route.id, position=position, department_id=department.id, title="x"))
    with runtime.database.system_session("a route for the type") as session:
        session.execute(update(ProjectType).where(ProjectType.code == "training").values(route_id=route.id))
    return {
        "collector": factory.user(department=collect, name="Carol"),
        "trainer": factory.user(department=train, name="Tom"),
        "admin": factory.user("system_admin", name="Ada"),
        "manager": factory.user("management", name="Mary"),
        "security": factory.user("security_admin", name="Sam"),
    }


def test_the_examples_of_the_page_work(people, browser, factory):
    programs = {name: browser.token(user, changes_rights=name == "security") for name, user in people.items()}
    known: dict[str, Any] = {}
    blocks = _BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(blocks) > 50
    for (who, asked), (nobody, wanted) in zip(blocks[::2], blocks[1::2], strict=True):
        assert who, asked
        assert not nobody, wanted
        if "{file}" in asked:
            known["file"] = _attached(factory, known)
        line, _, body = _fill(asked, known).partition("\n\n")
        method, url = line.split()
        options = {"json": json.loads(body)} if body else {}
        answer = programs[who].request(method, url, **options)
        status, _, expected = wanted.partition("\n\n")
        assert answer.status_code == int(status), f"{line}: {answer.text}"
        if expected:
            _compare(json.loads(expected), answer.json(), known, line)
        else:
            assert not answer.content, line


def _attached(factory, known):
    row = Attachment(
        id=new_id(), customer_id=UUID(known["customer"]), engagement_id=UUID(known["engagement"]),
        filename="contract.pdf", media_type="application/pdf", size=9, sha256="0" * 64, stored_as="contract",
    )  # fmt: skip
    factory.add(row)
    return str(row.id)


def _fill(text: str, known: dict[str, Any]) -> str:
    whole = re.sub(r'"\{(\w+)\}"', lambda match: json.dumps(known.get(match[1], match[0])), text.strip())
    return _NAME.sub(lambda match: str(known.get(match[1], match[0])), whole)


def _compare(expected: Any, found: Any, known: dict[str, Any], where: str) -> None:
    """What the page shows is there; `{name}` names a value at first sight, `…` is any."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in found, f"{where}: {key} is not in {found}"
            _compare(value, found[key], known, f"{where}: {key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {found}"
        for one, other in zip(expected, found, strict=True):
            _compare(one, other, known, where)
    elif isinstance(expected, str) and (name := _NAME.fullmatch(expected)):
        assert known.setdefault(name[1], found) == found, where
        assert found, where
    elif expected != "…":
        assert found == expected, f"{where}: {found!r}"


def test_the_description_says_something_about_every_operation(browser):
    description = browser.get("/api/v1/openapi.json").json()
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    bare = [
        f"{method} {path}"
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if path not in {"/api/v1", "/api/v1/openapi.json"} and not operation.get("description")
    ]
    assert not bare
    assert all(path.startswith("/api/v1") for path in description["paths"])


def test_every_post_says_that_it_takes_a_key(browser):
    paths = browser.get("/api/v1/openapi.json").json()["paths"]
    posts = {path: methods["post"] for path, methods in paths.items() if "post" in methods}
    assert len(posts) > 20
    for path, operation in posts.items():
        keys = [item for item in operation.get("parameters", []) if item["in"] == "header"]
        assert [(item["name"], item["required"]) for item in keys] == [("Idempotency-Key", False)], path
    kept = {path for path, operation in posts.items() if "as it did" in operation["parameters"][-1]["description"]}
    assert posts.keys() - kept == {
        "/api/v1/customers/search",
        "/api/v1/customers/duplicates",
        "/api/v1/contacts/{contact_id}/points/{point_id}/reveal",
        "/api/v1/customers/{customer_id}/fields/{key}/reveal",
        "/api/v1/customers/{customer_id}/points/{point_id}/reveal",
        "/api/v1/roles/{role_id}/preview",
        "/api/v1/telephony/cti/{token}",  # an exchange sends what it likes; an event counts once
        "/api/v1/telephony/events",  # each event has an id of its own and counts once
        "/api/v1/telephony/dials",  # each call is given out once
        "/api/v1/telephony/pair",  # answers with a token
    }


def test_the_upload_of_a_contract_is_described(browser):
    contracts = browser.get("/api/v1/openapi.json").json()["paths"]["/api/v1/contracts"]["post"]
    kinds = contracts["requestBody"]["content"]
    as_json, as_form = (kinds[kind]["schema"] for kind in ("application/json", "multipart/form-data"))
    assert as_form["properties"].pop("file") == {"type": "string", "format": "binary"}
    assert as_form == as_json
    assert {"opportunity_id", "number", "signed_on", "amount"} <= set(as_json["required"])


RESOURCES = {
    "customers": "LGCP", "contacts": "LGCP", "engagements": "LGC", "opportunities": "LGCP", "contracts": "LGCP",
    "project-types": "LGCP", "routes": "LG", "plans": "LGCP", "follow-ups": "LGCP", "users": "LGCP",
    "departments": "LGCP", "plugins": "LG",
}  # fmt: skip


def test_what_pages_can_do_programs_can(browser):
    paths = browser.get("/api/v1/openapi.json").json()["paths"]
    for name, letters in RESOURCES.items():
        single = [path for path in paths if re.fullmatch(rf"/api/v1/{name}/\{{\w+\}}", path)]
        assert len(single) == 1, name
        whole, one = paths[f"/api/v1/{name}"], paths[single[0]]
        have = {"L": "get" in whole, "C": "post" in whole, "G": "get" in one, "P": "patch" in one}
        assert [letter for letter in letters if not have[letter]] == [], name
        query = {item["name"] for item in whole["get"]["parameters"] if item["in"] == "query"}
        assert {"cursor", "limit"} <= query, name


def test_a_type_and_a_route_are_seen_by_all_and_changed_by_few(people, browser, runtime, factory):
    with runtime.database.system_session("read", write=False) as session:
        kind = session.scalars(select(ProjectType).where(ProjectType.code == "training")).one()
    collector, manager = browser.token(people["collector"]), browser.token(factory.user("management"))
    url = f"/api/v1/project-types/{kind.id}"
    assert collector.get(url).json()["departments"] == ["collect", "train"]
    assert collector.request("PATCH", url, json={"name": "Mine"}).status_code == 403
    assert manager.request("PATCH", url, json={"name": "Courses"}).json()["name"] == "Courses"
    taken = manager.request("PATCH", url, json={"code": "headhunting"})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "code")
    made = manager.request("POST", "/api/v1/project-types", json={"code": "ads", "name": "Ads"})
    assert (made.status_code, made.json()["active"], made.json()["departments"]) == (201, False, [])
    route = collector.get("/api/v1/routes").json()["items"][0]
    assert [step["department"] for step in route["steps"]] == ["collect", "train"]
    assert collector.get(f"/api/v1/routes/{route['id']}").json() == route
