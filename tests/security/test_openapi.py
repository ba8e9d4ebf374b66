"""The API keeps its own description, whatever it is sent: no fault of ours, no undescribed answer."""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from platform_core.contracts.identity import Scope
from platform_core.testing.browser import Browser
from tests.security.houses import House

NARROW = {"customers.view", "activities.view", "opportunities.view"}
LONG = os.environ.get("BATON_ATTACK") == "long"
EXAMPLES = {GenerationMode.POSITIVE: 30 if LONG else 3, GenerationMode.NEGATIVE: 30 if LONG else 2}
"""For each operation; more with `make attack`."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")
_BASE = "http://testserver.local"
_ORDER = ("get", "put", "post", "patch", "delete")
"""What deletes comes last, so that there is something for the others."""


def aimed(description: dict[str, Any], ids: dict[str, Any]) -> dict[str, Any]:
    """The description with ids of real records where any id might be sent, or else nearly every answer were 404."""
    made = copy.deepcopy(description)
    schemas = made["components"]["schemas"]
    inputs: set[str] = set()
    for operation in (item for methods in made["paths"].values() for item in methods.values()):
        for parameter in operation.get("parameters", []):
            if parameter["name"] in ids:
                parameter["schema"] = {"type": "string", "enum": [str(ids[parameter["name"]])]}
        inputs |= set(_REFERENCE.findall(json.dumps(operation.get("requestBody", {}))))
    for name in inputs:
        for key in schemas[name]["properties"].keys() & ids.keys():
            if key.endswith("_id"):
                schemas[name]["properties"][key] = {"enum": [str(ids[key])]}
    return made


def send(caller: Browser, case: Case[Any]) -> Any:
    """The very bytes that schemathesis would send, through the application in this process."""
    sent = case.as_transport_kwargs(base_url=_BASE)
    known = {"method", "url", "headers", "files", "data", "params", "cookies", "json"}
    prepared = requests.Request(**{key: value for key, value in sent.items() if key in known}).prepare()
    headers = {name: value for name, value in prepared.headers.items() if name.lower() != "authorization"}
    path = (prepared.url or "").removeprefix(_BASE)
    return caller.request(prepared.method or "GET", path, content=prepared.body or b"", headers=headers)


def check_operation(
    caller: Browser, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, clear: set[str]
) -> list[str]:
    wrong: list[str] = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES[mode], database=None, deadline=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case[Any]) -> None:
        answer = send(caller, case)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            wrong.extend(f"{failure.title}: {failure.message}"[:300] for failure in group.exceptions)
        seen.append(answer.status_code)
        # Revealing is what that one operation is for; it is counted and written down.
        if not operation.path.endswith("/reveal"):
            asked = json.dumps(case.body, default=str) if isinstance(case.body, dict | list) else ""
            wrong.extend(
                f"a number in the clear: {value}" for value in clear if value in answer.text and value not in asked
            )

    seen: list[int] = []
    run()
    return [f"{operation.label} {mode.value} {seen} {text}" for text in dict.fromkeys(wrong)]


@pytest.mark.parametrize("who", ["full", "narrow"])
def test_every_answer_is_as_described(demo_house: House, who: str) -> None:
    if not LONG and demo_house.runtime.database.is_sqlite is (who == "full"):
        pytest.skip("in short one person on each; PostgreSQL, which takes less, for whoever reaches more")
    rights, scope = (demo_house.permissions(), Scope.ALL) if who == "full" else (NARROW, Scope.OWN)
    demo_house.newcomer(who, rights, scope)
    caller = demo_house.program(who)
    description = aimed(caller.get("/api/v1/openapi.json").json(), demo_house.ids())
    schema = schemathesis.openapi.from_dict(description, config=SchemathesisConfig())
    results = list(schema.get_all_operations())
    operations = [found.ok() for found in results if isinstance(found, Ok)]
    assert len(operations) == len(results), "the description itself is wrong"
    operations.sort(key=lambda item: _ORDER.index(item.method))
    assert len(operations) > 60
    clear = demo_house.clear_values()
    assert len(clear) > 40
    wrong = [
        line
        for operation, mode in itertools.product(operations, EXAMPLES)
        for line in check_operation(caller, operation, mode, clear)
    ]
    assert not wrong, "\n".join(wrong)
