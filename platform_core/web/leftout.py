"""A small card where a plugin's piece of a page is missing, so that nobody takes the gap for an answer."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup
from sqlalchemy.orm import Session

from platform_core.web.pages import PageContext
from platform_core.web.requests import Platform


def cards(platform: Platform, shell: PageContext, session: Session, hooks: Iterable[str]) -> list[Markup]:
    """One for each plugin that failed to answer one of these hooks within this request; asked after all of them."""
    return [
        platform.templates.markup("_left_out.html", {**_named(platform, owner), "page": shell}, shell.theme)
        for owner in platform.hooks.left_out(session, hooks)
    ]


def _named(platform: Platform, owner: str) -> dict[str, str]:
    plugin = platform.manager.plugins[owner]
    return {"owner": owner, "title": str(plugin.info.title) if plugin.info else owner}
