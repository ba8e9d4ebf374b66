"""From greetings that are written down to messages in the outbox: asked anew who may be greeted, and once each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.care import expanding
from baton_plugins.care.expanding import WHOLE
from baton_plugins.care.models import Greeting, Occasion, Wording
from sqlalchemy import and_, select, update

from platform_core.api import (
    PLANNER,
    AnySelect,
    Contact,
    ContactPoint,
    Customer,
    JobContext,
    Session,
    Setting,
    among,
    at_local,
    day_start,
    read_setting,
    record,
    service_of,
    today,
    translator,
)
from platform_core.api.messages import (
    SMS_TEXTS,
    Addressee,
    Filled,
    OutboxMessage,
    Outgoing,
    Recipient,
    TextWriter,
    contact_allowed_among,
    message_excluded,
    send_messages,
)

_ = translator("care")
PURPOSE = "greeting"
SLICE = 500
PERSONAL = Setting(
    "care.personal_grades", _.lazy("Grades that are called instead of written to"), "A",
    help=_.lazy("Codes of grades with commas between. Their owners get a plan to call."),
)  # fmt: skip
SIGNED = Setting("care.signed_by", _.lazy("Who signs greetings"), "", help=_.lazy("Put in for {sender}."))


class Row(NamedTuple):
    """A customer of a greeting, with its number where the main one is a mobile."""

    customer_id: UUID
    name: str
    kind: str
    grade: str
    owner_id: UUID | None
    contact_name: str
    point_id: UUID | None
    point_hash: int | None
    mask: str | None
    contact_id: UUID | None
    contact: str | None


class Verdict(NamedTuple):
    """What becomes of a greeting: `why` it is left out, or `personal`, or neither."""

    row: Row
    why: str
    is_personal: bool


def customers(session: Session, ids: Sequence[UUID], options: Any) -> dict[UUID, Row]:
    """Those that are there and not restricted, within what the session sees."""
    statement = reading().where(among(Customer.id, ids))
    return {row[0]: Row(*row) for row in session.execute(statement, execution_options=options)}


def reading() -> AnySelect:
    """The columns of `Row` of customers that may be greeted at all."""
    return (
        select(
            Customer.id, Customer.name, Customer.kind, Customer.grade, Customer.owner_id, Customer.contact_name,
            ContactPoint.id, ContactPoint.full_hash, ContactPoint.mask, ContactPoint.contact_id, Contact.name,
        )
        .outerjoin(ContactPoint, and_(ContactPoint.id == Customer.phone_point_id, ContactPoint.kind == "mobile"))
        .outerjoin(Contact, and_(Contact.id == ContactPoint.contact_id, Contact.deleted_at.is_(None)))
        .where(Customer.deleted_at.is_(None), Customer.restricted_at.is_(None))
    )  # fmt: skip


def judged(session: Session, greeted: Sequence[tuple[Occasion, Row]]) -> list[Verdict]:
    """The same for the preview and for what is sent."""
    excluded = message_excluded(session, {row.customer_id for _occasion, row in greeted})
    personal = {code.strip() for code in read_setting(session, PERSONAL).split(",") if code.strip()}
    asked = [Recipient(row.customer_id, row.contact_id, row.point_hash) for _occasion, row in greeted]
    verdicts = contact_allowed_among(session, asked, "sms", PURPOSE)
    found = []
    for (occasion, row), verdict in zip(greeted, verdicts, strict=True):
        is_personal = row.grade in personal and row.owner_id is not None
        why = "excluded" if excluded & {(row.customer_id, ""), (row.customer_id, occasion.code)} else ""
        if not why and not is_personal:
            why = "no_number" if row.point_id is None else verdict.code
        found.append(Verdict(row, why, is_personal and not why))
    return found


def run(context: JobContext) -> None:
    """Each night, and again whenever it is called: yesterday's that nobody made, then today's; older ones expire."""
    now_on = today()
    with context.database.system_session("greetings of these days") as session:
        made = sum(expanding.expand(session, day) for day in (now_on - timedelta(days=1), now_on))
        late = update(Greeting).where(Greeting.state == "planned", Greeting.day < now_on - timedelta(days=1))
        options = {**WHOLE, "synchronize_session": False}
        session.execute(late.values(state="expired", why="late"), execution_options=options)
        if made:
            record(session, None, "care.expand", after={"number": made, "day": now_on.isoformat()})
    for day in (now_on - timedelta(days=1), now_on):
        while _slice(context, day):
            pass


def _slice(context: JobContext, day: date) -> int:
    """The next greetings of a day, in one transaction with their messages and plans."""
    with context.database.system_session("send greetings") as session:
        waiting = expanding.of_day(session, day, SLICE)
        by_occasion: dict[UUID, list[Greeting]] = {}
        for greeting in waiting:
            by_occasion.setdefault(greeting.occasion_id, []).append(greeting)
        for occasion_id, greetings in by_occasion.items():
            _send(session, session.get_one(Occasion, occasion_id), greetings, day)
        return len(waiting)


def _send(session: Session, occasion: Occasion, greetings: list[Greeting], day: date) -> None:
    rows = customers(session, [item.customer_id for item in greetings], WHOLE)
    verdicts = {item.row.customer_id: item for item in judged(session, [(occasion, row) for row in rows.values()])}
    written: list[tuple[Greeting, Row]] = []
    for greeting in greetings:
        verdict = verdicts.get(greeting.customer_id)
        if verdict is None:
            greeting.state, greeting.why = "left", "gone"
        elif verdict.why:
            greeting.state, greeting.why = "left", verdict.why
        elif verdict.is_personal and _planned(session, occasion, greeting, verdict.row):
            greeting.state = "personal"
        elif verdict.row.point_id is None:
            greeting.state, greeting.why = "left", "no_number"
        else:
            written.append((greeting, verdict.row))
    _write(session, occasion, written, day)


def _planned(session: Session, occasion: Occasion, greeting: Greeting, row: Row) -> bool:
    """A plan to call for whoever looks after the customer; False where nobody keeps plans."""
    subject, cause = _("Call personally: %(occasion)s", occasion=occasion.name), f"care:{occasion.code}:{greeting.year}"
    plan = service_of(session, PLANNER)
    return row.owner_id is not None and bool(plan(session, row.customer_id, row.owner_id, subject, today(), cause))


def _write(session: Session, occasion: Occasion, written: list[tuple[Greeting, Row]], day: date) -> None:
    expires = day_start(day + timedelta(days=2))
    starts = at_local(day, occasion.hour)
    messages: dict[str, Outgoing] = {}
    for greeting, row, text in _filled(session, occasion, written):
        if isinstance(text, str):
            greeting.state, greeting.why = "left", text
            continue
        key = f"greet:{occasion.id}:{row.customer_id}:{greeting.year}"
        messages[key] = Outgoing(
            key=key, channel="sms", owner="care", text=text.text, point_id=row.point_id, purpose=PURPOSE, lane="bulk",
            occasion=occasion.code, customer_id=row.customer_id, not_before=starts, expires_at=expires,
            parts=text.parts, templates=text.templates,
        )  # fmt: skip
        greeting.state = "queued"
    if not messages:
        return
    send_messages(session, None, list(messages.values()))
    mine = select(OutboxMessage.customer_id, OutboxMessage.id).where(OutboxMessage.key.in_(messages))
    rows = session.execute(mine, execution_options=WHOLE)
    ids = {customer_id: message_id for customer_id, message_id in rows if customer_id is not None}
    for greeting, _row in written:
        greeting.message_id = ids.get(greeting.customer_id)
    ref, sent = occasion.ref, list(ids)
    record(session, None, "care.greet", ref, ids=sent, after={"number": len(sent)}, shown=False)


def _filled(
    session: Session, occasion: Occasion, written: list[tuple[Greeting, Row]]
) -> Iterator[tuple[Greeting, Row, Filled | str]]:
    """Each with its text, or why there is none. One number is greeted once: couples share telephones."""
    texts = service_of(session, SMS_TEXTS)
    known = dict(
        session.execute(select(Wording.grade, Wording.template_id).where(Wording.occasion_id == occasion.id)).all()
    )
    signed, met = read_setting(session, SIGNED), set[int | None]()
    writers: dict[UUID, TextWriter] = {}
    for greeting, row in written:
        template_id = known.get(row.grade) or known.get("")
        if texts is None or template_id is None:
            yield greeting, row, "no_text"
        elif row.point_hash in met:
            yield greeting, row, "duplicate"
        else:
            met.add(row.point_hash)
            mainland = not (row.mask or "").startswith("+")
            person = Addressee(row.name, row.kind, row.contact or row.contact_name, mainland=mainland)
            if template_id not in writers:
                writers[template_id] = texts.writer(session, template_id, signed)
            yield greeting, row, writers[template_id](person)
