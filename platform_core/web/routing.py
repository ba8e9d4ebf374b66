"""Declaring handlers. Every handler names the permission it needs, or says that it is public; there is no third way.

    @get("/{customer_id:uuid}", permission="customers.view", name="customers:detail")
    def detail(request: Request, session: Session, actor: Actor, customer_id: UUID) -> Response: ...

Handlers are plain functions. They run in a worker thread, inside one transaction that is committed before the answer is
sent, and may ask for `request`, `session`, `actor` and `form` (a FormData) by name; everything else is parsed by
Litestar from path, query and JSON body.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypeVar
from weakref import WeakSet

import litestar
import msgspec
from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, PathParameter, QueryParameter

from platform_core.web.describing import ApiOperation, ApiPost, AskingPost, posting_file
from platform_core.web.endpoint import SIGNED_IN, Endpoint
from platform_core.web.forms import FormData

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_INJECTED = ("session", "actor", "form")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_PATH_PARAMETER = re.compile(r"\{(\w+)[:}]")
_pool: list[ThreadPoolExecutor] = []
_guarded: WeakSet[Callable[..., Any]] = WeakSet()
"""The functions that Litestar sees, so that mounting knows who went past this module."""

__all__ = ["SIGNED_IN", "delete", "get", "in_thread", "patch", "post", "put", "start_threads"]


def start_threads(count: int) -> None:
    """The worker threads of this process; database connections are counted to match."""
    if not _pool:
        _pool.append(ThreadPoolExecutor(count, thread_name_prefix="web"))


async def in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """Run `call` on one of the worker threads, in a copy of this request's context."""
    start_threads(24)
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_pool[0], context.run, call, *arguments)


def get(path: str, *, permission: str, name: str, **options: Any) -> Callable[[F], HTTPRouteHandler]:
    return _route(litestar.get, path, permission, name, options)


def post(
    path: str, *, permission: str, name: str, takes_file: tuple[type[msgspec.Struct], str] | None = None, **options: Any
) -> Callable[[F], HTTPRouteHandler]:
    """`takes_file`: body and name of the file's field, for the description of an operation that reads both itself."""
    described = AskingPost if options.get("opt", {}).get("unkept") else ApiPost
    operation = posting_file(*takes_file) if takes_file else described
    given = {"status_code": 200, "operation_class": operation, **options}
    return _route(litestar.post, path, permission, name, given)


def put(path: str, *, permission: str, name: str, **options: Any) -> Callable[[F], HTTPRouteHandler]:
    return _route(litestar.put, path, permission, name, options)


def patch(path: str, *, permission: str, name: str, **options: Any) -> Callable[[F], HTTPRouteHandler]:
    return _route(litestar.patch, path, permission, name, options)


def delete(path: str, *, permission: str, name: str, **options: Any) -> Callable[[F], HTTPRouteHandler]:
    return _route(litestar.delete, path, permission, name, {"status_code": 200, **options})


def _route(
    method: Any, path: str, permission: str, name: str, options: dict[str, Any]
) -> Callable[[F], HTTPRouteHandler]:
    def decorate(function: F) -> HTTPRouteHandler:
        opt = {**options.pop("opt", {}), "permission": permission, "endpoint": True}
        given = {"operation_class": ApiOperation, **options}
        handler: HTTPRouteHandler = method(path, name=name, opt=opt, **given)(_expose(function, permission, path))
        return handler

    return decorate


def _expose(function: Callable[..., Any], permission: str, path: str) -> Callable[..., Any]:
    """The coroutine that Litestar sees: the same parameters without the injected ones."""
    signature = inspect.signature(function, eval_str=True)
    wanted = frozenset(signature.parameters)
    endpoint = Endpoint(function, permission, wanted)

    async def handle(request: Request[Any, Any, Any], **parameters: Any) -> Any:
        form = await _read_form(request)
        return await in_thread(endpoint.serve, request, form, parameters)

    in_path = set(_PATH_PARAMETER.findall(path))
    visible = [
        item.replace(annotation=_located(key, item.annotation, in_path=key in in_path))
        for key, item in signature.parameters.items()
        if key not in _INJECTED and key != "request"
    ]
    request_parameter = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    handle.__signature__ = signature.replace(parameters=[request_parameter, *visible])  # type: ignore[attr-defined]
    handle.__annotations__ = {
        "request": Request,
        **{item.name: item.annotation for item in visible},
        "return": signature.return_annotation,
    }
    handle.__name__ = function.__name__
    handle.__qualname__ = function.__qualname__
    handle.__doc__ = function.__doc__
    handle.__module__ = function.__module__
    handle.__wrapped__ = function  # type: ignore[attr-defined]
    _guarded.add(handle)
    return handle


def is_guarded(handler: HTTPRouteHandler) -> bool:
    """Whether it was declared by this module's decorators, and so asks for its permission."""
    return handler.fn in _guarded


def _located(name: str, annotation: Any, *, in_path: bool) -> Any:
    """Say where Litestar finds a parameter, so that handlers need not: `data` is the JSON body."""
    if hasattr(annotation, "__metadata__"):
        return annotation
    if name == "data":
        return Annotated[annotation, BodyKwarg(media_type=RequestEncodingType.JSON)]
    return Annotated[annotation, PathParameter() if in_path else QueryParameter()]


async def _read_form(request: Request[Any, Any, Any]) -> FormData:
    if request.method in {"GET", "HEAD"}:
        return FormData()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _FORM_TYPES:
        request.scope["baton_body"] = await request.body()  # type: ignore[typeddict-unknown-key]
        return FormData()
    return FormData(list((await request.form()).multi_items()))
