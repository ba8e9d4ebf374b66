"""Who sees a customer, and why: the policies of permissions.policies, told person by person.

tests/core/relay/test_audience.py compares it with what the scope guard lets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.emergency import KIND as EMERGENCY
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.kernel.clock import local
from platform_core.kernel.i18n import translator
from platform_core.permissions.everybody import Holder, holders
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.relay.models import Engagement
from platform_core.users.models import Department, Team

_ = translator("relay")
_VIEW, _TAKE_OVER = "customers.view", "relay.accept"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who sees the customer. There is a reason for each."""

    actor: Actor
    reasons: list[str]


def viewers(session: Session, customer: Customer) -> list[Viewer]:
    """Everybody, by name. Engagements that the asking actor does not see are not named."""
    reading = _Reading(session, customer)
    found = []
    for holder in holders(session, (_VIEW, _TAKE_OVER)):
        reasons = reading.reasons(holder)
        if reasons:
            found.append(Viewer(holder.actor, reasons))
    return found


class _Reading:
    def __init__(self, session: Session, customer: Customer) -> None:
        self._customer = customer
        self._accesses: Sequence[Any] = session.execute(
            select(
                Access.kind, Access.role, Access.user_id, Access.department_id, Access.engagement_id, Access.until,
                Department.name.label("department"),
            )
            .outerjoin(Department, Department.id == Access.department_id)
            .where(Access.customer_id == customer.id, live())
            .order_by(Access.since, Access.id)
        ).all()  # fmt: skip
        titled = select(Engagement.id, Engagement.title).where(Engagement.customer_id == customer.id)
        self._titles: dict[UUID | None, str] = {key: title for key, title in session.execute(titled)}  # noqa: C416
        named = select(
            select(Department.name).where(Department.id == customer.department_id).scalar_subquery(),
            select(Team.name).where(Team.id == customer.team_id).scalar_subquery(),
        )
        department, team = session.execute(named).one()
        self._department, self._team = department or "", team or ""

    def reasons(self, holder: Holder) -> list[str]:
        """Empty: does not see the customer."""
        found = self._own(holder)
        for lender in holder.lent:
            found += [
                _("stands in for %(name)s, who %(reason)s", name=lender.actor.name, reason=reason)
                for reason in self._own(lender)
            ]
        return found

    def _own(self, holder: Holder) -> list[str]:
        actor, role = holder.actor, holder.roles.get(_VIEW, "")
        scope = actor.scope(_VIEW)
        if scope == Scope.NONE:
            return []
        found = [_("sees all customers, by the role %(role)s", role=role)] if scope == Scope.ALL else []
        if self._customer.owner_id == actor.user_id:
            found.append(_("owns this customer"))
        if scope >= Scope.TEAM and self._customer.team_id in actor.team_ids:
            found.append(_("is in the team %(team)s, by the role %(role)s", team=self._team, role=role))
        covered = frozenset() if scope == Scope.ALL else actor.departments_for(_VIEW)
        if self._customer.department_id in covered:
            found.append(
                _("sees customers of %(department)s, by the role %(role)s", department=self._department, role=role)
            )
        for access in self._accesses:
            reason = self._by(access, actor, covered, role)
            if reason and reason not in found:
                found.append(reason)
        return found

    def _by(self, access: Any, actor: Actor, covered: frozenset[UUID], role: str) -> str:
        title = self._titles.get(access.engagement_id) or _("an engagement")
        if access.user_id == actor.user_id:
            if access.kind == "offer":
                return _("%(title)s is offered to them", title=title)
            if access.kind == "share":
                return _("it is shared with them")
            if access.kind == EMERGENCY:
                return _("opened it in an emergency, until %(until)s", until=f"{local(access.until):%H:%M}")
            return _("takes or took part in %(title)s", title=title)
        if access.department_id in covered:
            return _(
                "sees legs of %(department)s, by the role %(role)s: %(title)s",
                department=access.department, role=role, title=title,
            )  # fmt: skip
        if access.kind == "offer" and access.department_id in actor.department_ids and actor.can(_TAKE_OVER):
            return _("%(title)s waits for %(department)s", title=title, department=access.department)
        return ""
