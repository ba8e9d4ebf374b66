"""From what was read to what templates need."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import detail as parts
from platform_core.customers import rights, sections, timeline
from platform_core.customers.detail import Head
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.web import leftout
from platform_core.web.forms import Bound
from platform_core.web.pages import page
from platform_core.web.requests import platform_of

_ = translator("customers")
_ASKED = tuple(f"baton_customer_{kind}" for kind in ("panels", "facts", "actions", "timeline"))
"""Hooks whose answers the page is made of."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the customer page somebody is: the tab, and what the timeline or the history is narrowed to."""

    tab: str = ""
    by: str = ""
    before: str = ""
    engagement: UUID | None = None
    contact: str = ""

    @property
    def led_by(self) -> UUID | None:
        with suppress(ValueError):
            return UUID(self.contact)
        return None

    def lists(self, customer: Customer) -> list[tuple[str, UUID]]:
        """The lists that may have led here, and which of their rows did."""
        found = [("/customers", customer.id)]
        if customer.lead_since is not None:
            found.append(("/leads", customer.id))
        if self.led_by is not None:
            found.append(("/contacts", self.led_by))
        return found


def whole(request: Request[Any, Any, Any], session: Session, actor: Actor, shown: Head, place: Place) -> dict[str, Any]:
    """The context of the customer page."""
    platform, customer = platform_of(request), shown.customer
    found = parts.panels(platform, session, actor, customer)
    common = {"customer": customer}
    offered = parts.actions(platform, session, actor, customer)
    tabs = parts.tabs(shown, found["tab"], place.tab, with_history=actor.can("audit.read"))
    if not any(tab.current for tab in tabs):
        if not platform.hooks.left_out(session, ["baton_customer_panels"]):
            raise NotFound(_("This page does not exist."))
        place = Place()  # the tab of a plugin that fails: the rest of the page says so
        tabs = parts.tabs(shown, found["tab"], place.tab, with_history=actor.can("audit.read"))
    # What fills the main column need not stand beside it as well.
    sides = [item for item in found["side"] if item.value.key != f"customers.{place.tab}"]
    context: dict[str, Any] = {
        "customer": customer,
        "head": shown,
        "status_entry": dictionaries.entries(session, "customers.status").get(customer.status),
        "grade": dictionaries.label(session, "customers.grade", customer.grade),
        "facts": parts.facts(platform, session, actor, shown),
        "actions": offered,
        "jot": next((action for action in offered if action.method == "dialog"), None),
        "main_action": next((action for action in offered if action.primary), None),
        "may_edit": rights.may(session, actor, "customers.edit", customer),
        "banners": parts.rendered(request, found["banner"], common),
        "sides": parts.rendered(request, sides, common),
        "tabs": tabs,
        "by": place.by,
        "engagement": place.engagement,
        "nearby": place.lists(customer),
        "led_by": place.led_by,
    }
    context |= _column(request, session, actor, shown, place, found)
    return {**context, "left_out": leftout.cards(platform, parts.shell_of(request), session, _ASKED)}


def _column(
    request: Request[Any, Any, Any], session: Session, actor: Actor, shown: Head, place: Place, found: dict[str, Any]
) -> dict[str, Any]:
    """The main column: composer and timeline, one of the record's own sections, or a plugin's tab."""
    platform, common = platform_of(request), {"customer": shown.customer}
    values: dict[str, Any] = {"composers": [], "section": "", "tab_piece": None, "stretch": None, "sources": []}
    if not place.tab:
        values["composers"] = parts.rendered(request, found["composer"], common)
        values["stretch"] = timeline.read(
            platform, session, actor, shown.customer.id, before=place.before, source=place.by,
            engagement_id=place.engagement,
        )  # fmt: skip
        values["sources"] = timeline.sources(platform)
    elif place.tab == "history":
        values["section"], context = sections.history(session, actor, shown.customer, place.before)
        values.update(context)
    elif place.tab in sections.BY_TAB:
        values["section"], context = sections.BY_TAB[place.tab](session, actor, shown.customer)
        values.update(context)
    else:
        chosen = [item for item in found["tab"] if item.value.key == place.tab]
        values["tab_piece"] = parts.rendered(request, chosen, common)[0]
    return values


def choices(session: Session, bound: Bound[Any], names: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Field -> (code, label) pairs of its dictionary."""
    return {
        name: dictionaries.choices(session, f"customers.{name}", current=str(bound.get(name) or "")) for name in names
    }


def form_page(
    request: Request[Any, Any, Any], template: str, title: str, *, status: int = 200, came_back: bool = False,
    **context: Any,
) -> Response[str]:  # fmt: skip
    """A form: a page of its own, a dialog when htmx asks for one, the bare form when it comes back to be corrected."""
    partial = template if came_back or status != 200 else "customers/_dialog.html"
    return page(
        request, "customers/form.html", partial=partial, status=status, active="customers", title=title,
        form_template=template, **context,
    )  # fmt: skip
