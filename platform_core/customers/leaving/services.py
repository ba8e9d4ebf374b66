"""Somebody leaves: others take over all that they hold, then nothing is theirs and nobody can sign in as them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import String, delete, exists, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.leaving import inventory
from platform_core.customers.leaving.inventory import CUSTOMERS, Item
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, news, passing, people, rules, services
from platform_core.customers.transfer.drafts import EVERYTHING, OWN_ROWS
from platform_core.customers.transfer.models import Transfer
from platform_core.customers.transfer.passing import stored
from platform_core.customers.transfer.rules import Person
from platform_core.kernel import clock
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.permissions import services as roles
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import Holding, holdings
from platform_core.users import accounts
from platform_core.users.models import DepartmentClosure, User

_ = translator("customers")
LEAVING = "leaving"
_PROOF = {"execution_options": proven("what a leaver holds passes on whole, whoever may see its rows")}
_PLAIN = {**OWN_ROWS, "synchronize_session": False}


def leaver(session: Session, actor: Actor, user_id: UUID) -> User:
    """Raises NotFound, and Forbidden for oneself and for people of other branches."""
    user = accounts.get_user(session, user_id)
    if not (actor.can(rules.OFFBOARD) and actor.can(rules.PERMISSION)):
        raise Forbidden(lacks=rules.PERMISSION if actor.can(rules.OFFBOARD) else rules.OFFBOARD)
    if user.id == actor.user_id:
        raise Forbidden(_("Nobody takes leave of themselves."), ask=Ask(rules.OFFBOARD))
    if user.department_id is not None and not rules.covers(actor, user.department_id):
        names = _(", ").join(people.to_ask(session))
        if names:
            raise Forbidden(_("This person works outside of your branch of the house. Ask %(names)s.", names=names))
        raise Forbidden(_("This person works outside of your branch of the house."))
    return user


def draft_of(session: Session, actor: Actor, user_id: UUID) -> Transfer | None:
    """What the actor has begun and not confirmed, else what anybody has under way."""
    mine = Transfer.by_id == actor.user_id
    statement = select(Transfer).where(
        Transfer.kind == LEAVING, Transfer.leaver_id == user_id,
        (Transfer.state == "moving") | ((Transfer.state == "draft") & mine),
    )  # fmt: skip
    return session.scalars(statement.order_by(Transfer.state.desc(), Transfer.id.desc()).limit(1)).first()


def choose(session: Session, actor: Actor, user_id: UUID, choices: Mapping[str, str]) -> Transfer:
    """Say who takes over, by department. Anew each time, of what the person holds at that moment.

    Raises Invalid at `to-<department>` where nobody, or somebody who cannot, is chosen.
    """
    user = leaver(session, actor, user_id)
    found = holdings(session, hooks_of(session))
    items = inventory.of(session, user_id, found)
    chosen = _chosen(session, actor, user, items, choices, found)
    _forget_drafts(session, actor, user_id)
    owned = select(Customer.id).where(Customer.owner_id == user_id).order_by(Customer.id).limit(drafts.MOST)
    places = drafts.places(session, list(session.scalars(owned)))
    transfer = drafts.opened(actor, LEAVING, leaver_id=user_id, total=len(places), choices=dict(choices))
    session.add(transfer)
    session.flush()  # its rows refer to it
    drafts.put_down(session, transfer, places)
    drafts.spread(session, actor, transfer, chosen)
    audit.record(session, actor, "customers.leaving_draft", accounts.ref(user), after={"count": len(places)})
    return transfer


def _chosen(
    session: Session, actor: Actor, user: User, items: Sequence[Item], choices: Mapping[str, str],
    found: Sequence[Holding],
) -> dict[str, list[Person]]:  # fmt: skip
    """Department -> those who take over in turn; the leaver's own department also stands for work of none."""
    rights = {item.declared.right for item in found if item.declared.right}
    offered = people.with_teams(session, people.offered(session, actor, rights))
    known = [person for person in offered if person.id != user.id]
    above = _above(session, [item.department_id for item in items if item.bound and item.department_id])
    needed = {item.key: item.declared.right for item in found}
    chosen, wrong = {}, {}
    for department in inventory.departments(items, user.department_id):
        key = str(department or "")
        try:
            chosen[key] = people.chosen(known, choices.get(key, ""))
        except Invalid as error:
            wrong[f"to-{key}"] = error.fields["to"]
            continue
        bound = [item for item in items if item.bound and item.department_id == department]
        for person in chosen[key]:
            able = all(not needed[item.key] or needed[item.key] in person.rights for item in bound)
            if bound and not (able and department and person.department_id in above.get(department, ())):
                wrong[f"to-{key}"] = _(
                    "%(name)s cannot take over the batons of this department. Choose somebody of it, or of one above.",
                    name=person.name,
                )
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    own = str(user.department_id or "")
    return {**chosen, EVERYTHING: chosen.get(EVERYTHING) or chosen.get(own) or next(iter(chosen.values()), [])}


def _above(session: Session, departments: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Department -> itself and those above."""
    rows = session.execute(
        select(DepartmentClosure.descendant_id, DepartmentClosure.ancestor_id).where(
            DepartmentClosure.descendant_id.in_(departments)
        )
    )
    found: dict[UUID, set[UUID]] = {}
    for below, above in rows:
        found.setdefault(below, set()).add(above)
    return found


def _forget_drafts(session: Session, actor: Actor, user_id: UUID) -> None:
    mine = (Transfer.kind == LEAVING, Transfer.leaver_id == user_id, Transfer.by_id == actor.user_id)
    session.execute(delete(Transfer).where(*mine, Transfer.state == "draft"), execution_options=_PLAIN)


def confirm(session: Session, actor: Actor, transfer_id: UUID, reason: str, version: int | None = None) -> Transfer:
    """Close the account, then pass on all that the person holds.

    Raises Invalid without a reason, Conflict when the preview is old or the actor may not pass all of it on.
    """
    transfer = drafts.own_draft(session, actor, transfer_id)
    assert transfer.leaver_id is not None
    user = leaver(session, actor, transfer.leaver_id)
    if version is not None and version != transfer.version:
        raise Conflict(_("The preview has changed since. Look at it again."))
    reason = reason.strip()[: services.LONGEST_REASON]
    if not reason:
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Say why.")})
    if services.waiting(session, transfer) < transfer.total:
        raise Conflict(_("Some customers cannot be passed on by you. The reasons stand beside them."))
    # First, so that nobody takes anything along while it is passed on.
    if user.status != "left":
        roles.change_status(session, actor, user.id, "left", reason=reason, permission=rules.OFFBOARD)
    end_rights(session, actor, user)
    transfer.reason, transfer.confirmed_at = reason, clock.now()
    after = {"count": transfer.total}
    audit.record(session, actor, "customers.leaving_confirm", accounts.ref(user), after=after, reason=reason)
    services.start(session, actor, transfer, "moving", in_background=transfer.total > services.AT_ONCE)
    return transfer


def end_rights(session: Session, actor: Actor, user: User) -> None:
    """Sign-ins, tokens, roles, delegations, places in teams and shares are over from this moment on."""
    found = [item for item in holdings(session, hooks_of(session)) if item.declared.on_leave == "end"]
    session.flush()  # what is ended below goes past the session
    counts: dict[str, int] = {}
    with roles.keeping(session):
        for item in found:
            mine = (item.column == stored(item.column, user.id), *inventory.ended(item))
            done = session.execute(update(item.table).where(*mine).values({item.declared.ends: clock.now()}), **_PROOF)
            if done.rowcount:  # type: ignore[attr-defined]
                counts[item.key] = done.rowcount  # type: ignore[attr-defined]
    if counts:
        audit.record(session, actor, "customers.leaving_rights", accounts.ref(user), after=counts)


def pass_rest(session: Session, actor: Actor, transfer: Transfer) -> dict[str, int]:
    """What did not go along with the leaver's customers: work with those of others, legs, teams. Key -> rows."""
    user = accounts.get_user(session, transfer.leaver_id) if transfer.leaver_id else None
    if user is None:
        return {}
    found = [item for item in holdings(session, hooks_of(session)) if item.declared.on_leave == "move"]
    rights = {item.declared.right for item in found if item.declared.right}
    known = people.with_teams(session, people.offered(session, actor, rights))
    chosen: dict[str, list[Person]] = {}
    for key, choice in transfer.choices.items():
        try:
            chosen[key] = [person for person in people.chosen(known, choice) if person.id != user.id]
        except Invalid:  # nobody of them is here any more: it stays, and the page says so
            chosen[key] = []
    fallback = chosen.get(str(user.department_id or "")) or next(filter(None, chosen.values()), [])
    counts: dict[str, int] = {}
    taken: Counter[UUID] = Counter()
    for item in found:
        for person, ids in _turns(session, item, user.id, chosen, fallback):
            where = _fits(item, ids, person)
            moved = passing.move(session, actor, item, where, user.id, person) if where is not None else []
            if moved:
                counts[item.key] = counts.get(item.key, 0) + len(moved)
                taken[person.id] += len(moved)
                _let_in(session, actor, item, [UUID(row["id"]) for row in moved], person)
    news.took_over(session, actor, transfer, user.name, taken)
    return counts


def _turns(
    session: Session, item: Holding, user_id: UUID, chosen: Mapping[str, Sequence[Person]], fallback: Sequence[Person]
) -> Iterator[tuple[Person, list[UUID]]]:
    """Rows by receiver: those of a department by turns to whoever was chosen for it."""
    table, place = item.table, inventory.place_of(item)
    fields = [table.c.id, *([table.c[place].label("place")] if place else [])]
    mine = select(*fields).where(item.column == stored(item.column, user_id), *passing.held(item))
    if item.key == CUSTOMERS:  # the others have had their turn, each with a line of its own
        mine = mine.where(table.c.deleted_at.is_not(None))
    by_place: dict[str, list[UUID]] = {}
    for row in session.execute(mine.order_by(table.c.id), **_PROOF):
        key = str(UUID(str(row.place))) if place and row.place else ""
        by_place.setdefault(key, []).append(UUID(str(row.id)))
    for key, ids in by_place.items():
        some = chosen.get(key) or fallback
        for number, person in enumerate(some):
            if ids[number :: len(some)]:
                yield person, ids[number :: len(some)]


def _fits(item: Holding, ids: Sequence[UUID], person: Person) -> Any:
    """Condition on the rows that this person may take over; None when they may take none."""
    declared, table = item.declared, item.table
    if declared.right and declared.right not in person.rights:
        return None
    is_text = isinstance(table.c.id.type, String)
    mine = table.c.id.in_([key.hex for key in ids]) if is_text else among(table.c.id, ids)
    if not declared.within:
        return mine
    below = exists().where(
        DepartmentClosure.ancestor_id == person.department_id,
        DepartmentClosure.descendant_id == table.c[declared.within],
    )
    return mine & below


def _let_in(session: Session, actor: Actor, item: Holding, ids: Sequence[UUID], person: Person) -> None:
    """Whoever takes over work in an engagement that they have no part in reads it from now on."""
    declared, table = item.declared, item.table
    if not declared.engagement or declared.within or isinstance(table.c.id.type, String):
        return
    engagement, customer = table.c[declared.engagement], table.c[declared.customer]
    part = exists().where(Access.engagement_id == engagement, Access.user_id == person.id, live())
    rows = select(engagement, customer).where(among(table.c.id, ids), engagement.is_not(None), ~part).distinct()
    session.add_all(
        Access(
            kind="member", role="reader", user_id=person.id, customer_id=customer_id, engagement_id=engagement_id,
            granted_by=actor.user_id,
        )
        for engagement_id, customer_id in session.execute(rows, **_PROOF).all()
    )  # fmt: skip
    session.flush()  # the next reference asks who has a part in what


services.afterwards(LEAVING, pass_rest)
