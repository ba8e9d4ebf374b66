"""Reading groups: those for the reader, and what they mean as a condition of the customer list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.groups.models import Group, Member
from platform_core.customers.models import Customer
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import ids_among
from platform_core.users.views import sharing
from platform_core.web.lists import conditions, state
from platform_core.web.lists.declaration import ListView, declared_lists

_ = translator("customers")
MOST_SHOWN = 300
KEY = "group"
"""Of the condition."""
_KEPT = "groups"
_for_me = sharing.for_reader(Group)


def all_of(session: Session, actor: Actor) -> Sequence[Group]:
    """Those for the actor, by name: one statement for a request, whose form offers and whose rows follow them."""
    kept: dict[UUID, Sequence[Group]] = session.info.setdefault(_KEPT, {})
    if actor.user_id not in kept:
        mine = select(Group).where(_for_me).order_by(Group.name, Group.id).limit(MOST_SHOWN)
        kept[actor.user_id] = session.scalars(mine, sharing.reader(actor)).all()
    return kept[actor.user_id]


def forget(session: Session) -> None:
    """After a group was made, changed or removed."""
    session.info.pop(_KEPT, None)


def get(session: Session, actor: Actor, group_id: UUID) -> Group:
    """Raises NotFound when there is none or none for this actor."""
    mine = select(Group).where(Group.id == group_id, sharing.for_keeper(Group, actor))
    found = session.scalars(mine, sharing.reader(actor)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such group, or not for you."))
    return found


def choices(session: Session, actor: Actor, *, only_fixed: bool = False) -> list[tuple[str, str]]:
    return [(str(group.id), group.name) for group in all_of(session, actor) if group.is_fixed or not only_fixed]


def counts(session: Session, groups: Sequence[Group]) -> dict[UUID, int]:
    """Members of fixed groups that the reader sees."""
    ids = [group.id for group in groups if group.is_fixed]
    number = select(Member.group_id, func.count()).join(Customer, Customer.id == Member.customer_id)
    found = number.where(Member.group_id.in_(ids), Customer.deleted_at.is_(None)).group_by(Member.group_id)
    return {row[0]: row[1] for row in session.execute(found)} if ids else {}


def members(
    session: Session, actor: Actor, values: Sequence[Any], *, only_fixed: bool = False
) -> ColumnElement[bool]:  # fmt: skip
    """Customers in any one of these groups; without values, in any fixed group for the actor.

    A group that is not for the actor, or whose conditions the list no longer has, has nobody in it; so has one by
    conditions where `only_fixed` count.
    """
    wanted = set(ids_among(values))
    found = [group for group in all_of(session, actor) if group.id in wanted or (not values and group.is_fixed)]
    if only_fixed:
        found = [group for group in found if group.is_fixed]
    fixed = [group.id for group in found if group.is_fixed]
    parts: list[ColumnElement[bool]] = [_by_conditions(session, actor, group) for group in found if not group.is_fixed]
    if fixed:
        parts.append(Customer.id.in_(select(Member.customer_id).where(Member.group_id.in_(fixed))))
    return or_(false(), *parts)


def is_whole(group: Group) -> bool:
    """Whether the list still has all conditions of the group."""
    try:
        state.grouped(_list(), group.conditions or [])
    except Invalid:
        return False
    return True


def _by_conditions(session: Session, actor: Actor, group: Group) -> ColumnElement[bool]:
    view = _list()
    try:
        known = state.grouped(view, group.conditions or [])
    except Invalid:
        return false()
    asked = state.ListState(view=view, conditions=known)
    return and_(*conditions.joined(session, actor, view, asked.groups, any_of=group.any_of))


def _list() -> ListView:
    return declared_lists()["customers"]
