"""Making lists of customers to call, and giving each customer to one caller at a time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from baton_plugins.telephony.calling.forms import ListInput, ScriptInput
from baton_plugins.telephony.calling.models import CallList, ListLine, Script
from baton_plugins.telephony.policies import DIAL
from sqlalchemy import and_, func, insert, literal, or_, select, update

from platform_core.api import (
    Actor,
    Conflict,
    Customer,
    EntityRef,
    Event,
    Forbidden,
    Invalid,
    NotFound,
    Scope,
    Session,
    changes,
    customer_audience,
    local,
    new_id,
    now,
    proven,
    record,
    translator,
)

_ = translator("telephony")
MOST = 10_000
FORGOTTEN = timedelta(minutes=30)
"""Whom somebody took and left that long ago is given to the next caller."""
OWN = proven("lines of a list that the caller reads within the actor's scope")


def get(session: Session, list_id: UUID, *, lock: bool = False) -> CallList:
    """Raises NotFound when there is none or none for this actor."""
    statement = select(CallList).where(CallList.id == list_id)
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        raise NotFound(_("There is no such list, or not for you."))
    return found


def may_change(actor: Actor, found: CallList) -> bool:
    """Its maker, and whoever has the right over the maker's department."""
    reached = actor.scope(DIAL) == Scope.ALL or found.department_id in actor.departments_for(DIAL)
    return found.by_id == actor.user_id or reached


def begin(session: Session, actor: Actor, audience: customer_audience.Audience) -> CallList:
    """Put its customers down, so that everybody speaks of the same. Raises Invalid, NotFound."""
    made = CallList(
        id=new_id(), name=_("Calls of %(day)s", day=f"{local(now()):%Y-%m-%d}"), by_id=actor.user_id,
        by_label=actor.name, department_id=actor.department_id, conditions=audience.conditions,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its lines refer to it
    chosen = audience.ids.order_by(None).limit(MOST + 1).subquery()
    lines = select(literal(made.id), func.row_number().over(order_by=chosen.c.id), chosen.c.id)
    filled = insert(ListLine).from_select(["list_id", "number", "customer_id"], lines)
    session.execute(filled, execution_options=proven("the audience carries the actor's scope"))
    counted = select(func.count()).where(ListLine.list_id == made.id)
    made.total = session.scalar(counted, execution_options=OWN) or 0
    if not made.total:
        raise NotFound(_("There is no such customer, or not for you."))
    if made.total > MOST:
        raise Invalid(_("At most %(limit)s customers at once. Add a condition to the list.", limit=MOST))
    after = {"number": made.total, **({"conditions": audience.conditions} if audience.conditions else {})}
    record(session, actor, "telephony.make_list", made.ref, after=after)
    return made


def change(session: Session, actor: Actor, list_id: UUID, data: ListInput) -> CallList:
    """Raises Forbidden, Invalid, NotFound."""
    found = _mine(session, actor, list_id)
    script = session.get(Script, data.script_id) if data.script_id else None
    if data.script_id and (script is None or not (script.active or script.id == found.script_id)):
        told = _("Please choose from the list.")
        raise Invalid(told, fields={"script_id": told})
    before, after = changes(
        {"name": found.name, "shared": found.shared}, {"name": data.name.strip(), "shared": data.shared}
    )
    found.name, found.shared, found.script_id = data.name.strip(), data.shared, script.id if script else None
    record(session, actor, "telephony.change_list", found.ref, before=before, after=after)
    return found


def close(session: Session, actor: Actor, list_id: UUID) -> CallList:
    """Nobody is given customers of it any more. Doing it twice changes nothing."""
    found = _mine(session, actor, list_id)
    if found.closed_at is None:
        found.closed_at = now()
        record(session, actor, "telephony.close_list", found.ref)
    return found


def _mine(session: Session, actor: Actor, list_id: UUID) -> CallList:
    found = get(session, list_id, lock=True)
    if not may_change(actor, found):
        raise Forbidden(_("Only %(name)s or the head of the department changes this list.", name=found.by_label))
    return found


def current(session: Session, actor: Actor, found: CallList) -> ListLine | None:
    """The line that the actor is at."""
    mine = (ListLine.list_id == found.id, ListLine.state == "taken", ListLine.by_id == actor.user_id)
    return session.scalars(select(ListLine).where(*mine).order_by(ListLine.number).limit(1)).one_or_none()


def take(session: Session, actor: Actor, found: CallList) -> ListLine | None:
    """The line that the actor is at or, where there is none, the next one whose customer they see; None at the end.

    No two callers get the same: lines that somebody else is just being given are passed over.
    """
    if found.closed_at is not None:
        raise Conflict(_("This list is closed."))
    line = current(session, actor, found)
    if line is not None:
        return line
    left = and_(ListLine.state == "taken", ListLine.at < now() - FORGOTTEN)
    statement = (
        select(ListLine)
        .join(Customer, Customer.id == ListLine.customer_id)
        .where(ListLine.list_id == found.id, or_(ListLine.state == "waiting", left))
        .order_by(ListLine.place, ListLine.number)
        .limit(1)
        .with_for_update(of=ListLine, skip_locked=True)
    )
    line = session.scalars(statement).one_or_none()
    if line is not None:
        line.state, line.by_id, line.by_label, line.at = "taken", actor.user_id, actor.name, now()
    return line


def put_off(session: Session, actor: Actor, found: CallList) -> None:
    """The customer whom the actor is at comes again when all others had their turn."""
    line = current(session, actor, found)
    if line is not None:
        line.state, line.by_id, line.by_label, line.place = "waiting", None, "", line.place + 1
        record(session, actor, "telephony.put_off", found.ref, customer_id=line.customer_id)


def followed_up(session: Session, event: Event) -> None:
    """Whoever is at a customer has written down what was said: the line is done.

    Should this be lost, the caller is still at the customer, and puts it off or writes once more.
    """
    at_it = (ListLine.customer_id == event.customer_id, ListLine.state == "taken", ListLine.by_id == event.actor_id)
    outcome = str(event.data.get("outcome") or "")
    session.execute(update(ListLine).where(*at_it).values(state="done", outcome=outcome, at=now()))


def save_script(session: Session, actor: Actor, script: Script | None, data: ScriptInput) -> Script:
    new = {"name": data.name.strip(), "body": data.body.strip(), "active": data.active}
    old = {} if script is None else {name: getattr(script, name) for name in new}
    if script is None:
        script = Script(id=new_id(), **new)
        session.add(script)
    script.name, script.body, script.active = data.name.strip(), data.body.strip(), data.active
    before, after = changes(old, new)
    record(session, actor, "telephony.save_script", script_ref(script), before=before, after=after)
    return script


def script_of(session: Session, script_id: UUID) -> Script:
    """Raises NotFound."""
    script = session.get(Script, script_id)
    if script is None:
        raise NotFound(_("There is no such script."))
    return script


def script_ref(script: Script) -> EntityRef:
    return EntityRef("telephony", "script", script.id, script.name)
