"""The way into the settings."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from platform_core.admin import (
    department_routes,
    dictionary_routes,
    import_routes,
    job_routes,
    people_routes,
    plugin_routes,
    settings_routes,
    theme_routes,
)
from platform_core.admin.merging import routes as merge_routes
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.pages import page
from platform_core.web.routing import get


@get("/settings", permission=SIGNED_IN, name="admin:settings")
def settings(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "admin/settings.html", active="settings")


HANDLERS = [
    settings,
    *people_routes.HANDLERS,
    *department_routes.HANDLERS,
    *plugin_routes.HANDLERS,
    *settings_routes.HANDLERS,
    *theme_routes.HANDLERS,
    *dictionary_routes.HANDLERS,
    *merge_routes.HANDLERS,
    *job_routes.HANDLERS,
    *import_routes.HANDLERS,
]
