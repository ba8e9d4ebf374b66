"""The page of one plugin's settings."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import services, settings_form
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post


@get("/settings/plugins/{name:str}/settings", permission="admin.plugins", name="admin:plugin_settings")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> Response[str]:
    settings = settings_form.settings_of(platform_of(request).manager, name)
    return _page(request, name, settings_form.fields(session, settings))


@post("/settings/plugins/{name:str}/settings", permission="admin.plugins", name="admin:save_plugin_settings")
def save(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, name: str) -> Response[str]:
    platform = platform_of(request)
    try:
        settings_form.save(session, actor, platform, name, form)
    except Invalid as error:
        settings = settings_form.settings_of(platform.manager, name)
        return _page(request, name, settings_form.fields(session, settings, form, error.fields), error.fields)
    return redirect(request, "/settings/plugins")


def _page(
    request: Request[Any, Any, Any],
    name: str,
    fields: list[settings_form.Field],
    errors: dict[str, str] | None = None,
) -> Response[str]:
    plugin = platform_of(request).manager.plugins[name]
    return page(
        request, "admin/plugin_settings.html", active="plugins", status=422 if errors else 200,
        name=name, heading=services.title(plugin), fields=fields, errors=errors or {},
    )  # fmt: skip


HANDLERS = [show, save]
