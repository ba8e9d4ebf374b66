"""Making groups, changing them, putting customers in and taking them out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.groups import queries
from platform_core.customers.groups.models import Group, Member
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.users import labels
from platform_core.users.views import sharing
from platform_core.web.lists import state

_ = translator("customers")
MOST = 10_000
"""Customers put in or taken out at once."""
MOST_GROUPS = 100
"""That one person keeps."""
_READ = 1000
_OWN = proven("members of a group that the actor keeps, among customers that the actor sees")


class GroupInput(msgspec.Struct, kw_only=True):
    """`conditions`: of the customer list, `field:operator:value`, `/` between groups; null: members by hand."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    reach: Literal["private", "team", "department", "all"] = "private"
    place_id: UUID | None = None
    tone: Literal["", "primary", "jade", "amber", "red", "violet", "teal"] = ""
    conditions: list[str] | None = None
    any_of: bool = False


def create(session: Session, actor: Actor, data: GroupInput) -> Group:
    """Raises Invalid at the field."""
    mine = select(func.count()).select_from(Group).where(Group.owner_id == actor.user_id)
    if (session.scalar(mine) or 0) >= MOST_GROUPS:
        raise Invalid(_("You keep %(most)d groups already. Delete one first.", most=MOST_GROUPS))
    _check(data)
    placed = sharing.placed(session, actor, data.reach, data.place_id)
    group = Group(id=new_id(), owner_id=actor.user_id, name=_name(data), tone=data.tone, any_of=data.any_of, **placed)
    group.conditions = data.conditions
    session.add(group)
    queries.forget(session)
    audit.record(session, actor, "customers.group_create", group.ref, after=_said(group))
    return group


def change(session: Session, actor: Actor, group_id: UUID, data: GroupInput, version: int | None = None) -> Group:
    """Whether its members are put in by hand stays as it is. Raises NotFound, Forbidden, Invalid, Conflict."""
    group = _own(session, actor, group_id, version)
    _check(data)
    before = _said(group)
    placed = sharing.placed(session, actor, data.reach, data.place_id)
    for name, value in {"name": _name(data), "tone": data.tone, **placed}.items():
        setattr(group, name, value)
    if not group.is_fixed and data.conditions is not None:
        group.conditions, group.any_of = data.conditions, data.any_of
    queries.forget(session)
    was, becomes = audit.changes(before, _said(group))
    if becomes:
        audit.record(session, actor, "customers.group_change", group.ref, before=was, after=becomes)
    return group


def remove(session: Session, actor: Actor, group_id: UUID) -> Group:
    """The group goes, its customers stay what they are. The audit trail keeps who was in it."""
    group = _own(session, actor, group_id, None)
    ids = session.scalars(select(Member.customer_id).where(Member.group_id == group.id), execution_options=_OWN).all()
    audit.record(session, actor, "customers.group_delete", group.ref, before=_said(group), ids=ids, shown=False)
    session.delete(group)
    queries.forget(session)
    return group


def put_in(session: Session, actor: Actor, group_id: UUID, ids: Collection[UUID]) -> int:
    """Customers that the actor sees; how many were not in it before. Raises Invalid for a group by conditions."""
    group = _by_hand(session, actor, group_id, ids)
    seen = _seen(session, ids)
    held = set()
    for start in range(0, len(seen), _READ):
        some = among(Member.customer_id, seen[start : start + _READ])
        present = select(Member.customer_id).where(Member.group_id == group.id, some)
        held |= set(session.scalars(present, execution_options=_OWN))
    fresh = [key for key in seen if key not in held]
    if fresh:
        moment = now()
        rows = [
            {"group_id": group.id, "customer_id": key, "added_by": actor.user_id, "added_at": moment} for key in fresh
        ]
        session.execute(insert(Member), rows)
        audit.record(session, actor, "customers.group_add", group.ref, ids=fresh, shown=False)
    return len(fresh)


def take_out(session: Session, actor: Actor, group_id: UUID, ids: Collection[UUID]) -> int:
    """How many were in it. Raises Invalid for a group by conditions."""
    group = _by_hand(session, actor, group_id, ids)
    seen = _seen(session, ids)
    gone: list[UUID] = []
    for start in range(0, len(seen), _READ):
        some = among(Member.customer_id, seen[start : start + _READ])
        going = delete(Member).where(Member.group_id == group.id, some).returning(Member.customer_id)
        gone += session.scalars(going, execution_options={**_OWN, "synchronize_session": False})
    if gone:
        audit.record(session, actor, "customers.group_remove", group.ref, ids=gone, shown=False)
    return len(gone)


def _by_hand(session: Session, actor: Actor, group_id: UUID, ids: Collection[UUID]) -> Group:
    if len(ids) > MOST:
        raise Invalid(_("At most %(limit)s customers at once. Add a condition to the list.", limit=MOST))
    group = _own(session, actor, group_id, None)
    if not group.is_fixed:
        raise Invalid(_("Who is in this group follows from its conditions."))
    return group


def _seen(session: Session, ids: Collection[UUID]) -> list[UUID]:
    wanted, seen = list(dict.fromkeys(ids)), set()
    for start in range(0, len(wanted), _READ):
        some = among(Customer.id, wanted[start : start + _READ])
        seen |= set(session.scalars(select(Customer.id).where(some, Customer.deleted_at.is_(None))))
    return [key for key in wanted if key in seen]


def _own(session: Session, actor: Actor, group_id: UUID, version: int | None) -> Group:
    group = queries.get(session, actor, group_id)
    if not sharing.may_change(actor, group):
        name = labels.labels(session, [group.owner_id]).person(group.owner_id)
        raise Forbidden(_("This group is %(name)s's. Ask them, or make one of your own.", name=name))
    if version is not None and version != group.version:
        raise Conflict(_("Somebody has changed this group in the meantime. Look at it again."))
    return group


def _check(data: GroupInput) -> None:
    if not _name(data):
        raise sharing.wrong("name", _("Please fill this in."))
    if data.conditions is None:
        return
    if not data.conditions:
        raise sharing.wrong("conditions", _("A group by conditions needs at least one."))
    known = state.grouped(CUSTOMERS, data.conditions)
    if any(item.filter == queries.KEY for item in known):
        raise sharing.wrong("conditions", _("A group cannot be made of groups."))


def _name(data: GroupInput) -> str:
    return " ".join(data.name.split())


def _said(group: Group) -> dict[str, Any]:
    return {name: getattr(group, name) for name in ("name", "reach", "tone", "conditions", "any_of")}


def by_hand(session: Session, actor: Actor) -> Sequence[Group]:
    """Groups that the actor may put customers into."""
    return [group for group in queries.all_of(session, actor) if group.is_fixed and sharing.may_change(actor, group)]
