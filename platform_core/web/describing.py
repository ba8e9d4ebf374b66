"""The description of the JSON API at `/api/v1/openapi.json`."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
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
