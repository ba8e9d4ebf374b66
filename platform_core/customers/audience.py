"""Customers as an audience: those that were ticked, or all that meet the conditions of a list, a view or a group.

Each is one SELECT of ids that carries its own scope, so that an act on a hundred thousand of them is one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import selecting
from platform_core.customers.groups import queries as groups
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import AnySelect, visible
from platform_core.users import probing
from platform_core.web.forms import FormData
from platform_core.web.lists import conditions, dialogs, saved
from platform_core.web.lists.state import GROUP, ListState

_ = translator("customers")


@dataclass(frozen=True, slots=True)
class Audience:
    """`ids`: a SELECT of one column, to be run with `proven()`. `conditions` of the list, where there are any."""

    ids: AnySelect
    conditions: list[str]


def of_form(session: Session, actor: Actor, form: FormData) -> Audience:
    """What was ticked in the customer list, or with `whole` all that it shows. Raises Invalid, also for nothing."""
    if form.get("whole"):
        return of_query(session, actor, form.get("state"))
    return of_ids(actor, selecting.chosen(session, actor, CUSTOMERS, form, 0).ids)


def of_ids(actor: Actor, ids: Collection[UUID]) -> Audience:
    """As far as the actor sees them."""
    return Audience(_kept(actor, [among(Customer.id, ids)]), [])


def of_query(session: Session, actor: Actor, query: str) -> Audience:
    """All that the customer list of this query string shows (`f=group:is:<id>`, `view=<id>`). Raises Invalid."""
    asked = dialogs.from_query(session, actor, CUSTOMERS, query)
    probing.check(session, actor, asked.words)
    met: list[ColumnElement[bool]] = conditions.joined(session, actor, asked.view, asked.groups, any_of=asked.any_of)
    if asked.words and asked.view.search is not None:
        met.append(asked.view.search(session, asked.words).condition)
    return Audience(_kept(actor, met), _told(asked))


def of_conditions(session: Session, actor: Actor, texts: Sequence[str], *, any_of: bool = False) -> Audience:
    """As the list's address has them. Raises Invalid."""
    pairs = [*(("f", text) for text in texts), ("any", "1" if any_of else "")]
    return of_query(session, actor, dialogs.query_of(pairs))


def choices(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(query string, name) of the groups and saved views that the actor may use."""
    found = [(f"f=group:is:{key}", _("Group: %(name)s", name=name)) for key, name in groups.choices(session, actor)]
    views = saved.known(session, actor, CUSTOMERS).values()
    return [*found, *((f"view={view.key}", _("View: %(name)s", name=view.name)) for view in views)]


def in_words(session: Session, actor: Actor, texts: Sequence[str]) -> str:
    """Conditions of the list as its chips say them; one that is no longer understood stays as it was written."""
    told = [", ".join(_word(session, actor, text) for text in group) for group in _groups(texts)]
    between = _("or")
    return f" {between} ".join(told)


def _groups(texts: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for text in texts:
        if text == GROUP:
            found.append([])
        else:
            found[-1].append(text)
    return found


def _word(session: Session, actor: Actor, text: str) -> str:
    declared = CUSTOMERS.filter(text.partition(":")[0])
    try:
        condition = conditions.parse(CUSTOMERS, text)
    except Invalid:
        condition = None
    if declared is None or condition is None:
        return text
    words = (str(declared.label), *conditions.describe(session, actor, declared, condition))
    return " ".join(filter(None, words))


def _told(asked: ListState) -> list[str]:
    return list(asked.turned_to().spelled_out().texts)


def _kept(actor: Actor, met: Sequence[Any]) -> AnySelect:
    """In sight of the actor and not in the bin."""
    scope = visible(Customer, actor)
    return select(Customer.id).where(*met, *(() if scope is None else (scope,)), Customer.deleted_at.is_(None))
