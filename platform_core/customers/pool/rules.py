"""The rules of the pool: when a customer goes back to it, and how much one person may take and hold.

They are entries of the dictionary `customers.pool`, so that every process has them at hand: `idle.<class>` for the
days of a class of customers, `limits` for everybody, `person.<id>` for one person.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import DictionaryRow
from platform_core.users.models import User

_ = translator("customers")
DICTIONARY = "customers.pool"
PERMISSION = "customers.pool_rules"
LEADS = "~lead"
"""In place of a class: leads of every class. No code of a dictionary looks like this."""
OTHERS = "~others"
"""Customers of classes without days of their own."""
_LIMITS = "limits"


class Idle(msgspec.Struct, kw_only=True, frozen=True):
    """After how many days without a contact a customer goes back to the pool, and how many before its owner is told."""

    days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """0: never"""
    warn: Annotated[int, Meta(ge=0, le=365)] = 3


class Limits(msgspec.Struct, kw_only=True, frozen=True):
    """What one person may take and hold; 0: as much as they like."""

    leads: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Leads held, beyond which none can be taken."""
    customers: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """The same of customers."""
    claims: Annotated[int, Meta(ge=0, le=10_000)] = 20
    """Taken from the pool on one day."""
    cooldown: Annotated[int, Meta(ge=0, le=3650)] = 7
    """Days in which whoever had it last does not get it back, so that nobody holds on by giving it up."""


def idle(session: Session) -> dict[str, Idle]:
    """Class, LEADS or OTHERS -> its days; what is not named never goes back."""
    found = dictionaries.entries(session, DICTIONARY)
    prefix = "idle."
    return {
        code.removeprefix(prefix): msgspec.convert(dict(entry.data), Idle)
        for code, entry in found.items()
        if code.startswith(prefix)
    }


def limits(session: Session, user_id: UUID | None = None) -> Limits:
    """For everybody, or those that count for one person."""
    found = dictionaries.entries(session, DICTIONARY)
    entry = (found.get(_person(user_id)) if user_id else None) or found.get(_LIMITS)
    return msgspec.convert(dict(entry.data), Limits) if entry is not None else Limits()


def exceptions(session: Session) -> dict[UUID, Limits]:
    """People with limits of their own."""
    found = dictionaries.entries(session, DICTIONARY)
    return {
        UUID(code.partition(".")[2]): msgspec.convert(dict(entry.data), Limits)
        for code, entry in found.items()
        if code.startswith("person.") and entry.data
    }


def change_idle(session: Session, actor: Actor, wanted: dict[str, Idle]) -> None:
    """Raises Invalid at `warn` where a warning would come before the days begin."""
    for code, rule in wanted.items():
        if rule.days and rule.warn >= rule.days:
            raise Invalid(
                _("Please check the marked fields."), fields={f"{code}.warn": _("Fewer than the days without contact.")}
            )
    for code, rule in wanted.items():
        _keep(session, actor, f"idle.{code}", msgspec.to_builtins(rule))


def change_limits(session: Session, actor: Actor, wanted: Limits, user_id: UUID | None = None) -> None:
    """For everybody, or for one person alone."""
    if user_id is not None and session.get(User, user_id) is None:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"user_id": message})
    _keep(session, actor, _person(user_id) if user_id else _LIMITS, msgspec.to_builtins(wanted))


def forget_person(session: Session, actor: Actor, user_id: UUID) -> None:
    """What counts for everybody counts for this person again."""
    _keep(session, actor, _person(user_id), {})


def _person(user_id: UUID) -> str:
    return f"person.{user_id.hex}"


def _keep(session: Session, actor: Actor, code: str, new: dict[str, int]) -> None:
    if not actor.can(PERMISSION):
        raise Forbidden(lacks=PERMISSION)
    mine = (DictionaryRow.dictionary == DICTIONARY, DictionaryRow.code == code)
    row = session.scalars(select(DictionaryRow).where(*mine)).one_or_none()
    if row is None:
        if not new:
            return
        row = DictionaryRow(dictionary=DICTIONARY, code=code, label=code, data={})
        session.add(row)
    before, after = audit.changes(dict(row.data), new) if new else (dict(row.data), {})
    if not before and not after:
        return
    session.flush()  # the audit line names its id
    if new:
        row.data = new
    else:
        session.delete(row)
    dictionaries.changed(session)
    ref = EntityRef("customers", "pool_rule", row.id, code)
    audit.record(session, actor, "customers.pool_rule", ref, before=before, after=after)
