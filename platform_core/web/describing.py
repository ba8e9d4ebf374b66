"""The description of the JSON API at `/api/v1/openapi.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)

from platform_core import __version__

PROBLEM = "application/problem+json"
_REFUSAL = Reference("#/components/responses/Problem")


@dataclass
class ApiOperation(Operation):
    """Litestar would describe refusals as its own error objects; ours are problem details, of every operation."""

    def __post_init__(self) -> None:
        results = {code: answer for code, answer in (self.responses or {}).items() if code.startswith("2")}
        self.responses = {**results, "4XX": _REFUSAL, "503": _REFUSAL}


@dataclass
class ApiPost(ApiOperation):
    """What the endpoint takes of every POST beside its parameters."""

    key_text: ClassVar[str] = (
        "Sent again with the same key and body, this answers as it did the first time and does nothing."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        text = Schema(type=OpenAPIType.STRING, max_length=200)
        self.parameters = [*(self.parameters or []), Parameter("Idempotency-Key", "header", text, self.key_text)]


@dataclass
class AskingPost(ApiPost):
    """A POST that changes nothing, or answers with what must not be stored: nothing is kept of it."""

    key_text: ClassVar[str] = "Accepted and not needed here: nothing is done that could be done twice."


def posting_file(body: type[msgspec.Struct], field: str) -> type[ApiPost]:
    """The operation of a handler that reads `body` itself: as JSON, or as multipart together with a file in `field`."""
    _schemas, components = msgspec.json.schema_components([body], ref_template="#/components/schemas/{name}")
    as_json = components[body.__name__]
    file = {"type": "string", "format": "binary"}
    as_form = {**as_json, "properties": {**as_json["properties"], field: file}}

    @dataclass
    class FilePost(ApiPost):
        def __post_init__(self) -> None:
            super().__post_init__()
            # Ready-made schemas are written out as they are.
            kinds: Any = {"application/json": {"schema": as_json}, "multipart/form-data": {"schema": as_form}}
            self.request_body = RequestBody(content=kinds, required=True)

    return FilePost


def describe_api() -> OpenAPIConfig:
    text = Schema(type=OpenAPIType.STRING)
    problem = Schema(
        type=OpenAPIType.OBJECT,
        title="Problem",
        required=["type", "title", "status", "errors"],
        properties={
            "type": Schema(type=OpenAPIType.STRING, examples=["urn:baton:problem:conflict"]),
            "title": Schema(type=OpenAPIType.STRING, description="A sentence for people, in the caller's language."),
            "status": Schema(type=OpenAPIType.INTEGER),
            "errors": Schema(
                type=OpenAPIType.ARRAY,
                items=Schema(
                    type=OpenAPIType.OBJECT, required=["field", "message"], properties={"field": text, "message": text}
                ),
            ),
        },
    )
    return OpenAPIConfig(
        "Baton",
        __version__,
        description="Lists answer {items, next_cursor}; errors are RFC 9457 problem details. See docs/api.md.",
        use_handler_docstrings=True,
        components=Components(
            schemas={"Problem": problem},
            responses={
                "Problem": OpenAPIResponse(
                    "Refused: RFC 9457 problem details.",
                    content={PROBLEM: OpenAPIMediaType(schema=Reference("#/components/schemas/Problem"))},
                )
            },
            security_schemes={
                "token": SecurityScheme(
                    "http", scheme="bearer", description="A token of `baton token create` or of My account."
                )
            },
        ),
        security=[{"token": []}],
        render_plugins=[JsonRenderPlugin()],
        openapi_router=Router("/api/v1", route_handlers=[], opt={"public": True}, include_in_schema=False),
    )
