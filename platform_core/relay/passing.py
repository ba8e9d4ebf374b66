"""Legs that pass to another holder because their customer did, or because somebody leaves: who may see what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pluggy
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.entities import Passed, UserReference
from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.relay import access, ledger
from platform_core.relay.ledger import Held, Step
from platform_core.relay.models import Engagement, Leg
from platform_core.users import notifications

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")
_PROOF = {**proven("legs that have just passed to another holder"), "populate_existing": True}


def _passed(session: Session, passed: Passed) -> Iterator[tuple[Held, Leg]]:
    statement = select(Leg, Engagement).join(Engagement, Engagement.id == Leg.engagement_id)
    rows = session.execute(statement.where(among(Leg.id, passed.ids)).order_by(Leg.id), execution_options=_PROOF)
    for leg, engagement in rows.all():
        yield Held(engagement, [leg]), leg


def _note(session: Session, actor: Actor, held: Held, leg: Leg, passed: Passed) -> None:
    old, new = ledger.name_of(session, passed.from_id), ledger.name_of(session, passed.to_id)
    department = ledger.department_name(session, leg.department_id)
    before, after = {"person": old}, {"person": new}
    step = Step("reassigned", "relay.reassign", to_department=department, to_person=new, before=before, after=after)
    ledger.note(session, actor, held, leg, step)
    if passed.from_id is not None:
        notifications.withdraw(session, [passed.from_id], ledger.url_of(held.engagement, leg))


def active(session: Session, actor: Actor, passed: Passed) -> None:
    """The new holder writes; the earlier one's part in this leg is over."""
    for held, leg in _passed(session, passed):
        if passed.from_id is not None:
            access.end_member(session, leg, passed.from_id)
        access.member(session, leg, passed.to_id, "assignee", may_write=True, by=actor.user_id)
        _note(session, actor, held, leg, passed)


def offered(session: Session, actor: Actor, passed: Passed) -> None:
    """The baton waits for somebody else."""
    for held, leg in _passed(session, passed):
        access.offer(session, leg, actor.user_id)
        _note(session, actor, held, leg, passed)


def _legs(column: str, state: str, label: str, follow: Callable[[Session, Actor, Passed], None]) -> UserReference:
    return UserReference(
        Leg, column, "move", label, {"state": (state,)}, customer="customer_id", engagement="engagement_id",
        within="department_id", right="relay.accept", follow=follow,
    )  # fmt: skip


DECLARED = [
    _legs("assignee_id", "active", _.lazy("Legs of engagements"), active),
    _legs("offered_to", "offered", _.lazy("Batons that wait for one person"), offered),
]


@hookimpl
def baton_user_references() -> list[UserReference]:
    return DECLARED
