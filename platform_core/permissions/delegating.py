"""Lending colleagues some of one's own rights, for a time: never more than one's own, never what is lent to oneself.

What is lent reaches from the giver: their customers, departments and teams, not the receiver's (permissions.rights).
docs/security/roles.md says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor, Permission, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import local, now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.permissions.models import DelegatedRight, Delegation, RoleAssignment, RoleGrant
from platform_core.permissions.rights import COUNTER
from platform_core.permissions.services import KEEPERS
from platform_core.plugins.manager import PluginManager
from platform_core.users import accounts, notifications
from platform_core.users.models import User
from platform_core.users.queries import called

_ = translator("permissions")
MOST_DAYS = 30
_MOST_OPEN = 20
PAGE = "/me/delegations"
LENT = noop("%(name)s has lent you rights until %(until)s: %(reason)s")
ENDED = noop("%(name)s has ended what %(giver)s had lent %(receiver)s.")
_giver, _receiver = aliased(User), aliased(User)


class DelegationInput(msgspec.Struct, kw_only=True):
    """`colleague` is a sign-in name, or a name that only one person has."""

    colleague: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    valid_from: datetime | None = None
    valid_to: datetime
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


@dataclass(frozen=True, slots=True)
class Loan:
    """A delegation that is on or will be, with names. `rights`: as far as they were lent."""

    delegation: Delegation
    giver: str
    receiver: str
    rights: dict[str, Scope]


def lendable(actor: Actor, manager: PluginManager) -> list[Permission]:
    """What the actor may lend: rights over rows that they hold themselves, by their roles."""
    declared = manager.declared.permissions
    return [permission for permission in declared if permission.delegable and actor.can(permission.name)]


def delegate(
    session: Session, actor: Actor, manager: PluginManager, data: DelegationInput, rights: Mapping[str, Scope]
) -> Delegation:
    """Lend `rights` (right -> how far). Acts on the receiver's next request.

    Raises Invalid at its field, and Forbidden for what is not the actor's to lend or not the receiver's to have.
    """
    counters.bump(session, COUNTER)  # first, so that two at once wait for each other
    asked = {name: scope for name, scope in rights.items() if scope > Scope.NONE}
    if not asked:
        raise Invalid(_("Choose at least one right."), fields={"rights": _("Choose at least one right.")})
    may_lend = {permission.name for permission in lendable(actor, manager)}
    if any(name not in may_lend or scope > actor.scope(name) for name, scope in asked.items()):
        raise Forbidden(_("Nobody lends more than their own roles give them."), ask=Ask("permissions.manage"))
    begins, ends = max(data.valid_from or now(), now()), data.valid_to
    _check_days(begins, ends)
    receiver = _colleague(session, actor, data.colleague)
    if (session.scalar(select(func.count()).where(Delegation.giver_id == actor.user_id, _open())) or 0) >= _MOST_OPEN:
        raise Conflict(_("You lend rights to very many colleagues already. End something first."))
    made = Delegation(
        giver_id=actor.user_id, receiver_id=receiver.id, reason=data.reason.strip(), valid_from=begins, valid_to=ends
    )
    session.add(made)
    session.flush()  # its rights name it
    session.add_all(
        DelegatedRight(delegation_id=made.id, permission=name, scope=scope) for name, scope in asked.items()
    )
    after = {
        "rights": {name: scope.name.lower() for name, scope in sorted(asked.items())}, "from": begins.isoformat(),
        "until": ends.isoformat(),
    }  # fmt: skip
    audit.record(session, actor, "permissions.delegate", accounts.ref(receiver), after=after, reason=made.reason)
    parameters = {"name": actor.name, "until": f"{local(ends):%Y-%m-%d %H:%M}", "reason": made.reason}
    notifications.notify(session, [receiver.id], "permissions", LENT, parameters, url=PAGE, icon="shield-lock")
    return made


def _check_days(begins: datetime, ends: datetime) -> None:
    message = ""
    if ends <= begins:
        message = _("It would end before it begins.")
    elif ends - begins > timedelta(days=MOST_DAYS):
        message = _.ngettext(
            "Rights are lent for at most %(num)d day.", "Rights are lent for at most %(num)d days.", MOST_DAYS
        )
    if message:
        raise Invalid(message, fields={"valid_to": message})


def _colleague(session: Session, actor: Actor, text: str) -> User:
    """Raises Invalid where nobody or several people are called that, Forbidden for those who may not be lent rights."""
    exact = called(session, text)
    if len(exact) != 1:
        several, nobody = _("Several people have this name: give the sign-in name."), _("There is no such colleague.")
        message = several if exact else nobody
        raise Invalid(message, fields={"colleague": message})
    if exact[0].id == actor.user_id:
        message = _("That is you.")
        raise Invalid(message, fields={"colleague": message})
    duties = (
        select(RoleAssignment.id)
        .join(RoleGrant, RoleGrant.role_id == RoleAssignment.role_id)
        .where(
            RoleAssignment.user_id == exact[0].id, RoleGrant.permission.in_(list(KEEPERS)),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now()),
        )
    )  # fmt: skip
    if session.scalar(duties.limit(1)) is not None:  # whichever key they hang on, and from whenever on
        raise Forbidden(
            _("Those who manage roles or accounts are not lent rights: these duties are kept apart."),
            ask=Ask("permissions.manage"),
        )
    return exact[0]


def end(session: Session, actor: Actor, delegation_id: UUID) -> None:
    """By the giver, the receiver, or whoever manages roles. Acts on the next request. Raises NotFound, Conflict."""
    counters.bump(session, COUNTER)
    loan = next(iter(_loans(session, Delegation.id == delegation_id)), None)
    parts = {loan.delegation.giver_id, loan.delegation.receiver_id} if loan else set()
    if loan is None or not (actor.user_id in parts or actor.can("permissions.manage")):
        raise NotFound(_("There is no such loan of rights, or it is over."))
    loan.delegation.ended_at = now()
    receiver = accounts.get_user(session, loan.delegation.receiver_id)
    before = {name: scope.name.lower() for name, scope in sorted(loan.rights.items())}
    audit.record(
        session, actor, "permissions.end_delegation", accounts.ref(receiver),
        before={"giver": loan.giver, "rights": before},
    )  # fmt: skip
    parameters = {"name": actor.name, "giver": loan.giver, "receiver": loan.receiver}
    told = parts - {actor.user_id}
    notifications.notify(session, told, "permissions", ENDED, parameters, url=PAGE, icon="shield-lock")


def of_person(session: Session, actor: Actor) -> tuple[list[Loan], list[Loan]]:
    """What the actor has lent, and what is lent to them."""
    me = actor.user_id
    found = _loans(session, or_(Delegation.giver_id == me, Delegation.receiver_id == me))
    given = [loan for loan in found if loan.delegation.giver_id == me]
    return given, [loan for loan in found if loan.delegation.receiver_id == me]


def everybodys(session: Session) -> list[Loan]:
    """Those of the whole house that are on or will be: the first five hundred to end."""
    return _loans(session)


def colleagues(session: Session, actor: Actor) -> Sequence[tuple[str, str]]:
    """(sign-in name, name) of up to fifty people of the actor's own department, to choose from."""
    people = select(User.login, User.name).where(
        User.status == "active", User.department_id == actor.department_id, User.id != actor.user_id
    )
    return [(login, name) for login, name in session.execute(people.order_by(User.name, User.id).limit(50))]


def _open() -> ColumnElement[bool]:
    found: ColumnElement[bool] = Delegation.ended_at.is_(None) & (Delegation.valid_to > now())
    return found


def _loans(session: Session, *where: ColumnElement[bool]) -> list[Loan]:
    rows = session.execute(
        select(Delegation, _giver.name, _receiver.name)
        .join(_giver, _giver.id == Delegation.giver_id)
        .join(_receiver, _receiver.id == Delegation.receiver_id)
        .where(_open(), *where)
        .order_by(Delegation.valid_to, Delegation.id)
        .limit(500)
    ).all()
    loans = {row[0].id: Loan(row[0], row[1], row[2], {}) for row in rows}
    rights = session.scalars(select(DelegatedRight).where(DelegatedRight.delegation_id.in_(list(loans))))
    for right in rights:
        loans[right.delegation_id].rights[right.permission] = Scope(right.scope)
    return list(loans.values())
