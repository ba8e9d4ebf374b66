"""Looking at a theme before wearing it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.routes import SCHEMES
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get
from platform_core.web.themes import house_of

_ = translator("users")


@get("/themes/{name:str}", permission=SIGNED_IN, name="users:theme")
def sample(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> Response[str]:
    """A page of samples in that theme. Who may choose for the house also sees what is not offered."""
    themes, house = platform_of(request).templates.themes, house_of(session)
    offered = {item.name for item in themes.offered(house)}
    shown = next((item for item in themes.sound() if item.name == name), None)
    if shown is None or not (name in offered or actor.can("admin.plugins")):
        raise NotFound(_("There is no theme %(name)s.", name=name))
    scheme = request.query_params.get("scheme", "")
    request.scope["baton_theme"] = name  # type: ignore[typeddict-unknown-key]
    if scheme in SCHEMES:
        request.scope["baton_scheme"] = scheme  # type: ignore[typeddict-unknown-key]
    return page(
        request, "users/theme.html", active="me", shown=shown, offered=name in offered,
        worn=themes.pick(actor.theme, house).name == name,
    )  # fmt: skip


HANDLERS = [sample]
