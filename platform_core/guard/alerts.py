"""Raising alerts, reading them, saying what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.audit.models import AuditEntry
from platform_core.caps.thawing import masked
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.naming import CUSTOMER_NAMES
from platform_core.guard import rules
from platform_core.guard.models import Alert
from platform_core.kernel.clock import now
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions import admission
from platform_core.users import notifications

_ = translator("guard")
READ = "guard.alerts"
_SHOWN = 100
_LINES = 200


class Verdict(msgspec.Struct, kw_only=True):
    state: Literal["looked", "false", "new"]
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the trail behind an alert, with a masked name."""

    at: datetime
    action: str
    name: str
    rows: int


def ref(alert: Alert) -> EntityRef:
    return EntityRef("guard", "alert", alert.id, f"{rules.title_of(alert.rule)}: {alert.user_label}")


def raise_alert(session: Session, found: Alert, *, anew: bool = False) -> None:
    """Written down and told, once: what goes on within the same window belongs to the alert that is there.

    `anew`: it is always an alert of its own.
    """
    known = None if anew else session.scalars(
        select(Alert).where(
            Alert.user_id == found.user_id, Alert.rule == found.rule, Alert.last_at >= found.since,
            Alert.customer_id.is_(None) if found.customer_id is None else Alert.customer_id == found.customer_id,
        ).order_by(Alert.last_at.desc()).limit(1)
    ).first()  # fmt: skip
    if known is not None:
        known.last_at, known.number = now(), max(known.number, found.number)
        return
    session.add(found)
    session.flush()  # the audit line and the notice name its id
    after = {"rule": found.rule, "number": found.number, "threshold": found.threshold}
    audit.record(session, None, "guard.alert", ref(found), after=after)
    receivers = [person.id for person in admission.holders(session, READ) if person.id != found.user_id]
    notifications.notify(
        session, receivers, "guard", rules.told_by(found.rule), values(found), url=f"/settings/alerts/{found.id}",
        icon="alert-triangle",
    )  # fmt: skip


def values(alert: Alert) -> dict[str, str | int]:
    """What the sentence of its rule is filled with."""
    return {
        "name": alert.user_label, "number": alert.number, "threshold": alert.threshold, "minutes": alert.minutes,
    }  # fmt: skip


def sentence(alert: Alert) -> str:
    return _(rules.told_by(alert.rule), **values(alert))


def latest(session: Session, state: str = "") -> Sequence[Alert]:
    found = select(Alert).order_by(Alert.at.desc(), Alert.id.desc()).limit(_SHOWN)
    return session.scalars(found.where(Alert.state == state) if state else found).all()


def get_alert(session: Session, alert_id: UUID) -> Alert:
    alert = session.get(Alert, alert_id)
    if alert is None:
        raise NotFound(_("There is no such alert."))
    return alert


def behind(session: Session, actor: Actor, alert: Alert) -> list[Line]:
    """What the person did, the latest first; names are masked, and looking is written down."""
    of_rule = (
        AuditEntry.customer_id == alert.customer_id
        if alert.customer_id is not None
        else AuditEntry.action.in_(rules.RULES[alert.rule].actions if alert.rule in rules.RULES else ())
    )
    found = session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.customer_id, AuditEntry.ids)
        .where(
            AuditEntry.actor_id == alert.user_id, AuditEntry.at >= alert.since, AuditEntry.at <= alert.last_at, of_rule
        )
        .order_by(AuditEntry.seq.desc()).limit(_LINES)
    ).all()  # fmt: skip
    ids = {row.customer_id for row in found if row.customer_id}
    audit.record(session, actor, "guard.look", ref(alert), ids=ids, shown=False)
    names = service_of(session, CUSTOMER_NAMES).names(session, ids)
    return [Line(row.at, row.action, masked(names.get(row.customer_id, "")), len(row.ids)) for row in found]


def decide(session: Session, actor: Actor, alert_id: UUID, data: Verdict) -> None:
    alert = get_alert(session, alert_id)
    before = {"state": alert.state}
    alert.state, alert.note = data.state, data.note.strip()
    alert.decided_by, alert.decided_at = actor.name, now()
    audit.record(
        session, actor, "guard.decide", ref(alert), before=before, after={"state": data.state}, reason=alert.note
    )
