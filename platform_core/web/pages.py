"""Answers: whole pages, fragments, redirects, and the `page` object every template may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from uuid import uuid4

from litestar import Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import NavItem, Slot
from platform_core.kernel.i18n import LANGUAGES, language, translator
from platform_core.plugins.registry import Owned
from platform_core.web import badges, live, notices, watermark
from platform_core.web.endpoint import SIGNED_IN, csrf_token
from platform_core.web.requests import Platform, platform_of, wants_fragment
from platform_core.web.themes import House, Theme, house_of

_ = translator("web")
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_GROUPS = {
    "work": _.lazy("Work"),
    "customers": _.lazy("Customers"),
    "business": _.lazy("Business"),
    "insight": _.lazy("Insight"),
    "settings": _.lazy("Settings"),
}

_SECTIONS = {
    "people": _.lazy("People and rights"),
    "guard": _.lazy("Protection"),
    "work": _.lazy("How work is done"),
    "channels": _.lazy("Messages and calls"),
    "system": _.lazy("System"),
}
"""Of the settings."""


@dataclass(frozen=True, slots=True)
class NavEntry:
    key: str
    icon: str
    label: str
    url: str
    current: bool
    badge: str | None = None
    """None: this line never has a number."""
    hotkey: str = ""


@dataclass(frozen=True, slots=True)
class NavGroup:
    label: str
    entries: tuple[NavEntry, ...]


class PageContext:
    """What the skeleton of every page needs to know; `page` in templates."""

    def __init__(self, platform: Platform, request: Request[Any, Any, Any], actor: Actor | None, active: str) -> None:
        self._platform = platform
        self._active = active
        self.actor = actor
        self.path = request.url.path
        self.lang = LANGUAGES[language()]
        self.title_suffix = _.pgettext("brand", "Baton")
        self.live = actor is not None and actor.seen_by is None
        self.drawn = live.moment()
        session = request.scope.get("baton_session")
        tried = str(request.scope.get("baton_theme", ""))
        worn = self._wear(session, actor.theme if actor else "", tried)
        self.theme, self.theme_css = worn.name, worn.css_url
        chosen = actor.scheme if actor else request.cookies.get(platform.settings.cookie_name("scheme"), "auto")
        scheme = str(request.scope.get("baton_scheme", "")) or chosen
        self.scheme = scheme if len(worn.schemes) > 1 else worn.schemes[0]
        self.unread: int = session.info.get("unread", 0) if session is not None else 0  # type: ignore[attr-defined]
        self._session: Session | None = session  # type: ignore[assignment]
        self.demo = platform.settings.demo
        kept = request.cookies.get(notices.cookie_name(platform), "")
        self.notice = notices.read(platform, actor, kept) if actor and kept else None

    def _wear(self, session: Any, wanted: str, tried: str) -> Theme:
        """The theme of this page; error pages, which are drawn when the transaction is over, go by what is known.

        `tried` is one that is only looked at, offered or not.
        """
        themes = self._platform.templates.themes
        if tried:
            return themes.pick(tried, House())
        if session is not None and session.in_transaction():
            themes.house = house_of(session)
        return themes.pick(wanted, themes.house)

    @property
    def watermark(self) -> str:
        return watermark.image(self.actor) if self.actor else ""

    @cached_property
    def csrf(self) -> str:
        return csrf_token(self._platform, self.actor) if self.actor else ""

    @property
    def key(self) -> str:
        """A fresh idempotency key for a form."""
        return uuid4().hex

    @property
    def languages(self) -> list[tuple[str, str, bool]]:
        names = {"zh": "\u4e2d\u6587", "en": "English"}  # each language names itself
        return [(code, names[code], code == language()) for code in LANGUAGES]

    @property
    def nav(self) -> list[NavGroup]:
        return [
            NavGroup(str(label), entries)
            for group, label in _GROUPS.items()
            if group != "settings" and (entries := tuple(self._entries(self._items(group))))
        ]

    @property
    def places(self) -> Sequence[NavItem]:
        """Where the reader may go, without asking what waits there; the page of all settings last."""
        return [*self._allowed, NavItem("settings", _("Settings"), "/settings", "settings", SIGNED_IN, group="")]

    @cached_property
    def settings_nav(self) -> list[NavGroup]:
        """By sections, as far as the reader's rights reach."""
        found = self._items("settings")
        return [
            NavGroup(str(label), entries)
            for section, label in _SECTIONS.items()
            if (entries := tuple(self._entries(item for item in found if item.section == section)))
        ]

    @property
    def settings_section(self) -> NavGroup | None:
        """That of this page; none on the page of all."""
        return next((group for group in self.settings_nav if any(item.current for item in group.entries)), None)

    @property
    def bottom_nav(self) -> tuple[NavEntry, ...]:
        return tuple(self._entries(item for item in self._allowed if item.phone))[:4]

    @property
    def quick_create(self) -> list[tuple[str, str, str, str]]:
        if self.actor is None or not self.actor.can("customers.create"):
            return []
        return [
            (_("New customer"), "/customers/new", "plus", "c"),
            (_("New contact"), "/contacts/new", "user-plus", ""),
        ]

    def slot(self, place: str) -> list[Markup]:
        """What plugins put at this place; nothing on error pages, which are drawn when the transaction is over."""
        session, actor, hooks = self._session, self.actor, self._platform.hooks
        if actor is None or session is None or not session.in_transaction():
            return []
        active = hooks.active()
        found = [item for item in self._platform.manager.declared.slots.owned() if item.value.place == place]
        return [
            piece
            for item in sorted(found, key=lambda item: (item.value.order, item.owner))
            if item.owner in active and (piece := self._piece(item, session, actor))
        ]

    def _piece(self, item: Owned[Slot], session: Session, actor: Actor) -> Markup | None:
        draw = partial(self._draw, item.value, session, actor)
        return self._platform.hooks.guarded(item.owner, f"slot {item.value.place}", draw, session, "template")

    def _draw(self, slot: Slot, session: Session, actor: Actor) -> Markup:
        context = slot.context(session, actor) if slot.context else {}
        if context is None:
            return Markup()
        return self._platform.templates.markup(slot.template, {**context, "page": self}, self.theme)

    def _items(self, group: str) -> list[NavItem]:
        return [item for item in self._allowed if item.group == group]

    @cached_property
    def _allowed(self) -> list[NavItem]:
        """Asked for once a page: with many plugins there are many lines, most of them for others."""
        actor = self.actor
        if actor is None:
            return []
        items = self._platform.manager.declared.navigation
        allowed = (item for item in items if item.permission == SIGNED_IN or actor.may_enter(item.permission))
        return sorted(allowed, key=lambda item: (item.order, item.key))

    def _entries(self, items: Iterable[NavItem]) -> list[NavEntry]:
        counts = self._badges
        return [
            NavEntry(
                item.key, item.icon, str(item.label), item.url, item.key == self._active,
                badges.text(counts.get(item.key, 0)) if item.badge else None, item.hotkey,
            )
            for item in items
        ]  # fmt: skip

    @cached_property
    def _badges(self) -> dict[str, int]:
        """Empty on error pages, which are drawn when the transaction is over."""
        session = self._session
        if self.actor is None or session is None or not session.in_transaction():
            return {}
        return badges.counts(session, self.actor, self._allowed)


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    partial: str = "",
    status: int = 200,
    active: str = "",
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """Render `template`, or only its `partial` when an htmx request asks for a piece of the page."""
    platform = platform_of(request)
    actor: Actor | None = request.scope.get("baton_actor")  # type: ignore[assignment]
    shell = PageContext(platform, request, actor, active)
    name = partial if partial and wants_fragment(request) else template
    html = platform.templates.render(name, {"status": status, **context, "page": shell}, shell.theme)
    response = Response(html, media_type="text/html", status_code=status, headers=headers or {})
    if shell.notice and name == template:
        response.set_cookie(notices.taken(platform))
    return response


def fragment(request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """A piece of a page, whoever asks."""
    return page(request, template, status=status, **context)


def redirect(request: Request[Any, Any, Any], url: str, notice: notices.Notice | None = None) -> Response[str]:
    """Go on to `url` after a successful POST, with and without htmx; the page there shows the notice."""
    headers = {"location": url}
    if request.headers.get("hx-request") == "true":
        response = Response("", status_code=200, media_type="text/html", headers={"hx-redirect": url, **headers})
    else:
        response = Response("", status_code=303, media_type="text/html", headers=headers)
    actor: Actor | None = request.scope.get("baton_actor")  # type: ignore[assignment]
    if notice and actor:
        response.set_cookie(notices.cookie(platform_of(request), actor, notice))
    return response


def url_for(platform: Platform, name: str, **parameters: Any) -> str:
    """The path of a named route. Raises KeyError for an unknown name or a missing parameter."""
    return _PARAMETER.sub(lambda match: str(parameters[match[1]]), platform.urls[name])
