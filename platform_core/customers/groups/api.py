"""Groups for programs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.groups import queries, services
from platform_core.customers.groups.models import Group
from platform_core.customers.groups.services import GroupInput
from platform_core.users.views import sharing
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.routing import delete, get, post, put

_VIEW = "customers.view"
_ONE = "/{group_id:uuid}"


class GroupOut(msgspec.Struct, kw_only=True):
    """`conditions` null: members are put in by hand. Its customers: /customers?f=group:is:<id>."""

    id: UUID
    name: str
    reach: str
    place_id: UUID | None
    owner_id: UUID
    tone: str
    conditions: list[str] | None
    any_of: bool
    version: int


class MembersInput(msgspec.Struct, kw_only=True):
    customer_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=services.MOST)]


class MembersOut(msgspec.Struct):
    """How many customers were put in or taken out."""

    number: int


@get("/", permission=_VIEW, name="customers:api_groups")
def listed(session: Session, actor: Actor, cursor: Cursor = "", limit: Limit = 50) -> Items[GroupOut]:
    """Your own and those that others share with you, by name."""
    shown, following = cut(queries.all_of(session, actor), _key, cursor, limit)
    return Items([_out(group) for group in shown], following)


@post("/", permission=_VIEW, name="customers:api_group_create")
def create(session: Session, actor: Actor, data: GroupInput) -> GroupOut:
    """Make a group, by hand or of whoever meets some conditions."""
    return _written(session, services.create(session, actor, data))


@put(_ONE, permission=_VIEW, name="customers:api_group_change")
def change(session: Session, actor: Actor, group_id: UUID, data: GroupInput) -> GroupOut:
    """Change a group. Whether its members are put in by hand stays as it is."""
    return _written(session, services.change(session, actor, group_id, data))


@delete(_ONE, permission=_VIEW, name="customers:api_group_delete")
def remove(session: Session, actor: Actor, group_id: UUID) -> None:
    """The group goes, its customers stay what they are."""
    services.remove(session, actor, group_id)


@post(f"{_ONE}/members", permission=_VIEW, name="customers:api_group_put_in")
def put_in(session: Session, actor: Actor, group_id: UUID, data: MembersInput) -> MembersOut:
    """Put customers that you see into a group; those that are in it already count as nothing."""
    return MembersOut(services.put_in(session, actor, group_id, data.customer_ids))


@post(f"{_ONE}/members/remove", permission=_VIEW, name="customers:api_group_take_out")
def take_out(session: Session, actor: Actor, group_id: UUID, data: MembersInput) -> MembersOut:
    """Take customers out of a group."""
    return MembersOut(services.take_out(session, actor, group_id, data.customer_ids))


def _key(group: Group) -> UUID:
    return group.id


def _written(session: Session, group: Group) -> GroupOut:
    session.flush()  # the answer shows the new version
    return _out(group)


def _out(group: Group) -> GroupOut:
    return GroupOut(
        id=group.id, name=group.name, reach=group.reach, place_id=sharing.place_of(group), owner_id=group.owner_id,
        tone=group.tone, conditions=group.conditions, any_of=group.any_of, version=group.version,
    )  # fmt: skip


HANDLERS = [listed, create, change, remove, put_in, take_out]
"""Below /api/v1/groups"""
