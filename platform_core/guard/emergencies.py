"""Breaking the glass: somebody opens one customer that they do not see, with a reason, for half an hour.

Nobody has the right to it at first. Whoever reads alerts is told in the same transaction, and so is the customer's
owner; each line of the trail is as for any other opening, and it counts towards the daily cap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.emergency import KIND, RIGHT
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.guard import alerts, rules
from platform_core.guard.models import Alert
from platform_core.kernel.clock import local, now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.scope import proven
from platform_core.permissions import admission
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.users import notifications, throttle

_ = translator("guard")
MINUTES = 30
MOST = 5
"""Different openings of one person within a day."""
TOLD_OWNER = noop("%(name)s opened your customer %(customer)s in an emergency, until %(until)s: %(reason)s")
_PROOF = proven("one customer by its code, for somebody who may open any in an emergency")


class EmergencyInput(msgspec.Struct, kw_only=True):
    """`code` is the customer's, whole."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    reason: Annotated[str, msgspec.Meta(min_length=10, max_length=500)]


def require(actor: Actor) -> None:
    """Both rights by one's own roles: neither is opened by a loan, and who sees no customers sees none here."""
    if not actor.can(RIGHT):
        raise Forbidden(_("Nobody opens customers in an emergency without that right."), lacks=RIGHT)
    if not actor.can("customers.view"):
        raise Forbidden(_("This is for people who work with customers."), lacks="customers.view")


def begin(session: Session, actor: Actor, data: EmergencyInput) -> tuple[UUID | None, int]:
    """Open the customer of this code for MINUTES. Returns (its id, seconds to wait).

    No id: there is no such customer, or there were too many attempts. That is written down and has to be kept, so that
    guesses count: answer with a page, not with a refusal. Whoever sees the customer anyway opens nothing.
    Raises Forbidden, Conflict beyond MOST.
    """
    require(actor)
    if len(data.reason.strip()) < 10:
        raise Invalid(fields={"reason": _("Say in a sentence what the emergency is.")})
    taken = throttle.Keys.of(f"emergency {actor.user_id}", actor.ip)
    wait = throttle.take(session, taken)
    if wait:
        return None, wait
    found = session.execute(
        select(Customer.id, Customer.name, Customer.owner_id, Customer.code).where(
            Customer.code == data.code.strip(), Customer.deleted_at.is_(None)
        ),
        execution_options=_PROOF,
    ).one_or_none()
    if found is None:
        audit.record(session, actor, RIGHT, result="failed", after={"code": data.code.strip()}, reason=data.reason)
        return None, 0
    throttle.forgive(session, taken)
    if session.scalar(select(Customer.id).where(Customer.id == found.id)) is None:
        _open(session, actor, found, data.reason.strip())
    return found.id, 0


def _open(session: Session, actor: Actor, found: Row[UUID, str, UUID | None, str], reason: str) -> None:
    since = now() - timedelta(days=1)
    mine = (Access.user_id == actor.user_id, Access.kind == KIND, Access.since > since)
    if (session.scalar(select(func.count()).select_from(Access).where(*mine)) or 0) >= MOST:
        told = _("You have opened %(most)d customers in an emergency within a day.", most=MOST)
        raise Conflict(admission.with_advice(session, told, "permissions.manage"))
    until = now() + timedelta(minutes=MINUTES)
    session.add(Access(kind=KIND, user_id=actor.user_id, customer_id=found.id, granted_by=actor.user_id, until=until))
    ref = EntityRef("customers", "customer", found.id, found.name)
    after = {"until": until.isoformat(), "code": found.code}
    audit.record(session, actor, RIGHT, ref, customer_id=found.id, after=after, reason=reason)
    alerts.raise_alert(
        session,
        Alert(
            rule=rules.EMERGENCY, user_id=actor.user_id, user_label=actor.name, since=now(), last_at=until, number=1,
            threshold=0, minutes=MINUTES, customer_id=found.id, action=RIGHT,
        ),
        anew=True,
    )  # fmt: skip
    if found.owner_id is not None:
        parameters = {
            "name": actor.name, "customer": found.name, "until": f"{local(until):%Y-%m-%d %H:%M}", "reason": reason,
        }  # fmt: skip
        url = f"/customers/{found.id}"
        notifications.notify(session, [found.owner_id], "guard", TOLD_OWNER, parameters, url=url, icon="alert-triangle")


def open_now(session: Session, actor: Actor) -> Sequence[Row[Access, str, str]]:
    """(Access, code, name) of what the actor has opened and still sees by it, the latest first."""
    return session.execute(
        select(Access, Customer.code, Customer.name)
        .join(Customer, Customer.id == Access.customer_id)
        .where(Access.user_id == actor.user_id, Access.kind == KIND, live())
        .order_by(Access.since.desc())
    ).all()


def end(session: Session, actor: Actor, access_id: UUID) -> None:
    """Before its time. Raises NotFound for somebody else's and for what is over."""
    access = session.get(Access, access_id)
    if access is None or (access.user_id, access.kind) != (actor.user_id, KIND) or (access.until or now()) <= now():
        raise NotFound(_("This is over already."))
    access.until = now()
    audit.record(
        session, actor, "guard.emergency_end", EntityRef("customers", "customer", access.customer_id, ""),
        customer_id=access.customer_id,
    )  # fmt: skip
