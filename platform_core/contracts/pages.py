"""What plugins contribute to pages: navigation, panels, facts, actions, timeline lines, work items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from platform_core.contracts.identity import Actor

Tone = Literal["", "primary", "jade", "amber", "red", "violet", "teal"]
Section = Literal["people", "guard", "work", "channels", "system"]
"""Of the settings: who may do what, what protects customers, how work is done, how they are reached, how Baton runs."""


@dataclass(frozen=True, slots=True)
class Badge:
    """Rows of `model` that meet `conditions`, counted up to a hundred and within the actor's scope.

    An index has to begin with what the conditions compare: every page of everybody counts them.
    """

    model: type[Any]
    conditions: Sequence[Any]
    through: type[Any] | None = None
    """The class that `model.customer_id` refers to, where a row counts only while its customer is seen. Rows
    without one count by the policy of their own."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the side navigation; `group`: work, customers, business, insight, settings, or "" for none of them."""

    key: str
    label: str
    url: str
    icon: str
    permission: str
    group: str = "business"
    order: int = 50
    phone: bool = False
    """Also in the bottom bar on phones."""
    badge: Callable[[Actor], Badge] | None = None
    """What waits there for the actor; the number beside the line."""
    hotkey: str = ""
    """Pressed after G."""
    section: Section = "work"
    """Of those in the group settings."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A piece of the customer page, rendered as a template of its owner.

    Slots: `banner` (under the facts, full width), `composer`, `side`, `tab`.
    """

    key: str
    slot: Literal["banner", "composer", "side", "tab"]
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    icon: str = ""
    order: int = 50
    count: int | None = None
    lazy_url: str | None = None
    """Fetch the panel from here when it scrolls into view, instead of rendering it with the page."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A template of its owner, drawn on every page of whoever is signed in.

    Places: `banner` (above the content, full width), `topbar` (right, beside the bell), `side` (below the navigation),
    `overlay` (after everything else: what floats over the page), `me` (a panel on one's own account's page alone).
    """

    place: Literal["banner", "topbar", "side", "overlay", "me"]
    template: str
    """`<plugin>/<file>`."""
    context: Callable[[Any, Actor], Mapping[str, Any] | None] | None = None
    """(session, actor) -> what the template gets besides `page`; None draws nothing. Every page pays for it."""
    order: int = 50


@dataclass(frozen=True, slots=True)
class TemplateHelper:
    """A function for templates, under a name that begins with `<plugin>_`."""

    name: str
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell of the facts strip; at most six are shown, by order."""

    label: str
    value: str
    detail: str = ""
    tone: Tone = ""
    order: int = 50
    reveal_url: str | None = None
    """POST here shows the clear value of a masked one, counted and audited."""


@dataclass(frozen=True, slots=True)
class Action:
    """A verb on a record: drawn in the page header, the row menu and the palette alike."""

    key: str
    label: str
    icon: str
    url: str
    permission: str
    method: Literal["get", "post", "dialog"] = "get"
    hotkey: str = ""
    order: int = 50
    primary: bool = False
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of what happened with a customer. Sorted by (`at`, `id`), newest first."""

    id: UUID
    kind: str
    at: datetime
    who: str
    department: str
    verb: str
    text: str = ""
    icon: str = "notes"
    tone: Tone = ""
    chips: tuple[tuple[str, Tone], ...] = ()
    actions: tuple[Action, ...] = ()
    edited: bool = False


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """Which part of a customer's timeline a page wants."""

    customer_id: UUID
    limit: int
    before: tuple[datetime, UUID] | None = None
    """Keyset: only entries older than this (`at`, `id`)."""
    engagement_id: UUID | None = None
    """Only this engagement's entries, and those that concern the customer alone."""
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Something the actor should do: a plan, a baton to take over, a case to answer."""

    id: UUID
    kind: str
    title: str
    customer_id: UUID
    customer_name: str
    due: datetime | date | None
    detail: str = ""
    icon: str = "phone"
    source: str = ""
    """Why it is on this list, when that is not obvious: who asked, which department sent it."""
    template: str = ""
    """Owner's template for the row; empty takes the default row."""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkSection:
    """A titled group on the workbench, such as overdue, today or waiting for take-over."""

    key: str
    label: str
    tone: Tone
    items: tuple[WorkItem, ...]
    order: int = 50
    place: Literal["main", "side", "top"] = "main"
    """`top`: one item with a template, drawn as it is under the greeting"""
    more_url: str = ""
    """Where the rest is, when the section was cut."""
    empty: str = ""
