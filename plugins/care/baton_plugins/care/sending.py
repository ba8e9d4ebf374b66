"""From greetings that are written down to messages in the outbox: asked anew who may be greeted, and once each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.care import expanding, segments
from baton_plugins.care.expanding import WHOLE
from baton_plugins.care.models import Greeting, Occasion
from baton_plugins.care.segments import Choice, Chooser
from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.orm import aliased

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
OWNER = "care"
SLICE = 500
PERSONAL = Setting(
    "care.personal_grades", _.lazy("Grades that are called instead of written to"), "A",
    help=_.lazy("Codes of grades with commas between. Their owners get a plan to call."),
)  # fmt: skip
SIGNED = Setting("care.signed_by", _.lazy("Who signs greetings"), "", help=_.lazy("Put in for {sender}."))


class Row(NamedTuple):
    """Who is greeted: a customer with its main number where that is a mobile, or a contact with its own mobile.

    A contact that stands alone has no `customer_id`; its `name` is its own.
    """

    person_id: UUID
    is_contact: bool
    customer_id: UUID | None
    name: str
    kind: str
    grade: str
    classification: str
    owner_id: UUID | None
    contact_name: str
    point_id: UUID | None
    point_hash: int | None
    mask: str | None
    contact_id: UUID | None
    contact: str | None

    @property
    def called(self) -> str:
        return self.contact if self.is_contact and self.contact else self.name

    @property
    def people(self) -> tuple[UUID | None, ...]:
        """Of whom exclusions count."""
        return self.customer_id, self.contact_id


class Verdict(NamedTuple):
    """What becomes of a greeting: `why` it is left out, or `personal`, or which template it is written with."""

    row: Row
    why: str
    is_personal: bool
    choice: Choice | None


def people(session: Session, greetings: Sequence[Greeting], options: Any) -> list[Row]:
    """Those of one occasion and day that are there and not restricted, within what the session sees."""
    first, ids = greetings[0], [item.person_id for item in greetings]
    mine = (Greeting.occasion_id == first.occasion_id, Greeting.day == first.day, among(Greeting.person_id, ids))
    contact = aliased(Contact)  # which may have found a customer since
    theirs = select(contact.customer_id).where(contact.id == Greeting.contact_id).scalar_subquery()
    statement = reading(Greeting, func.coalesce(Greeting.customer_id, theirs), Greeting.contact_id).where(*mine)
    return [Row(*row) for row in session.execute(statement, execution_options=options)]


def reading(source: Any, customer_id: Any, contact_id: Any) -> AnySelect:
    """The columns of `Row` of those who may be greeted at all, from what has these columns."""
    own = aliased(ContactPoint)
    is_there = (Customer.deleted_at.is_(None), Customer.restricted_at.is_(None))
    theirs = (
        select(own.id)
        .where(own.contact_id == contact_id, own.kind == "mobile")
        .order_by(own.is_primary.desc(), own.created_at, own.id)
        .limit(1)
        .scalar_subquery()
    )
    point_id = case((contact_id.is_(None), Customer.phone_point_id), else_=theirs)
    named = func.coalesce(contact_id, ContactPoint.contact_id)
    told = (func.coalesce(column, "") for column in (Customer.grade, Customer.classification))
    return (
        select(
            func.coalesce(contact_id, Customer.id), contact_id.is_not(None), Customer.id,
            func.coalesce(Customer.name, Contact.name), func.coalesce(Customer.kind, "person"), *told,
            Customer.owner_id, func.coalesce(Customer.contact_name, ""), ContactPoint.id, ContactPoint.full_hash,
            ContactPoint.mask, Contact.id, Contact.name,
        )
        .select_from(source)
        .outerjoin(Customer, and_(Customer.id == customer_id, *is_there))
        .outerjoin(ContactPoint, and_(ContactPoint.id == point_id, ContactPoint.kind == "mobile"))
        .outerjoin(Contact, and_(Contact.id == named, *expanding.contact_is_there()))
        .where(or_(customer_id.is_(None), Customer.id.is_not(None)))
        .where(or_(contact_id.is_(None), Contact.id.is_not(None)))
    )  # fmt: skip


def judged(
    session: Session, greeted: Sequence[tuple[Occasion, Row]], choices: Sequence[tuple[UUID, Choice]]
) -> list[Verdict]:
    """The same for the preview and for what is sent. `choices` of the occasions, as `segments.kept` has them."""
    excluded = message_excluded(session, (key for _occasion, row in greeted for key in row.people))
    personal = {code.strip() for code in read_setting(session, PERSONAL).split(",") if code.strip()}
    asked = [Recipient(row.customer_id, row.contact_id, row.point_hash) for _occasion, row in greeted]
    verdicts = contact_allowed_among(session, asked, "sms", PURPOSE)
    chooser = Chooser(session, choices, {row.customer_id for _occasion, row in greeted})
    found = []
    for (occasion, row), verdict in zip(greeted, verdicts, strict=True):
        is_personal = row.grade in personal and row.owner_id is not None
        named = {(key, code) for key in row.people for code in ("", occasion.code)}
        why = "excluded" if excluded & named else ""
        if not why and not is_personal:
            why = "no_number" if row.point_id is None else verdict.code
        codes = {"grade": row.grade, "classification": row.classification}
        choice = chooser.choice(occasion.id, row.customer_id, codes)
        found.append(Verdict(row, why, is_personal and not why, choice))
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
        active = expanding.occasions(session)
    for day in (now_on - timedelta(days=1), now_on):
        for occasion in active:
            while _slice(context, occasion, day):
                pass


def _slice(context: JobContext, occasion: Occasion, day: date) -> int:
    """The next greetings of an occasion and day, in one transaction with their messages and plans."""
    with context.database.system_session("send greetings") as session:
        waiting = expanding.of_day(session, day, occasion, SLICE)
        if waiting:
            _send(session, occasion, waiting, day)
        return len(waiting)


def _send(session: Session, occasion: Occasion, greetings: Sequence[Greeting], day: date) -> None:
    rows = people(session, greetings, WHOLE)
    choices = segments.of_occasion(session, occasion.id)
    verdicts = {item.row.person_id: item for item in judged(session, [(occasion, row) for row in rows], choices)}
    written: list[tuple[Greeting, Verdict]] = []
    for greeting in greetings:
        verdict = verdicts.get(greeting.person_id)
        if verdict is None:
            greeting.state, greeting.why = "left", "gone"
        elif verdict.why:
            greeting.state, greeting.why = "left", verdict.why
        elif verdict.is_personal and _planned(session, occasion, greeting, verdict.row):
            greeting.state = "personal"
        elif verdict.row.point_id is None:
            greeting.state, greeting.why = "left", "no_number"
        else:
            written.append((greeting, verdict))
    _write(session, occasion, written, day)


def _planned(session: Session, occasion: Occasion, greeting: Greeting, row: Row) -> bool:
    """A plan to call for whoever looks after the customer; False where nobody keeps plans."""
    subject, cause = _("Call personally: %(occasion)s", occasion=occasion.name), f"care:{occasion.code}:{greeting.year}"
    if row.is_contact:
        subject = _("Call personally: %(occasion)s, %(name)s", occasion=occasion.name, name=row.called)
        cause = f"care:{occasion.code}:{row.person_id.hex}:{greeting.year}"
    plan = service_of(session, PLANNER)
    if row.owner_id is None or row.customer_id is None:
        return False
    return bool(plan(session, row.customer_id, row.owner_id, subject, today(), cause))


def _write(session: Session, occasion: Occasion, written: list[tuple[Greeting, Verdict]], day: date) -> None:
    expires = day_start(day + timedelta(days=2))
    starts = at_local(day, occasion.hour)
    messages: dict[str, Outgoing] = {}
    queued: dict[str, Greeting] = {}
    for greeting, row, text in _filled(session, occasion, written, expires):
        if isinstance(text, str):
            greeting.state, greeting.why = "left", text
            continue
        key = _key(greeting)
        messages[key] = Outgoing(
            key=key, channel="sms", owner=OWNER, text=text.text, point_id=row.point_id, purpose=PURPOSE, lane="bulk",
            occasion=occasion.code, customer_id=row.customer_id, contact_id=row.contact_id, not_before=starts,
            expires_at=expires, parts=text.parts, templates=text.templates,
        )  # fmt: skip
        queued[key], greeting.state = greeting, "queued"
    if not messages:
        return
    send_messages(session, None, list(messages.values()))
    mine = select(OutboxMessage.key, OutboxMessage.id).where(OutboxMessage.key.in_(messages))
    for key, message_id in session.execute(mine, execution_options=WHOLE):
        queued[key].message_id = message_id
    ref, sent = occasion.ref, {item.customer_id or item.person_id for item in queued.values()}
    record(session, None, "care.greet", ref, ids=sent, after={"number": len(queued)}, shown=False)


def _key(greeting: Greeting) -> str:
    return f"greet:{greeting.occasion_id}:{greeting.person_id}:{greeting.year}"


def _greeted(session: Session, written: list[tuple[Greeting, Verdict]], expires: datetime) -> set[int | None]:
    """Numbers that are greeted on this day already: by its end greetings of a day know each other."""
    hashes = {verdict.row.point_hash for _greeting, verdict in written}
    others = OutboxMessage.key.not_in([_key(greeting) for greeting, _verdict in written])
    same = (OutboxMessage.owner == OWNER, OutboxMessage.expires_at == expires, others)
    statement = select(OutboxMessage.address_hash).where(OutboxMessage.address_hash.in_(hashes), *same)
    return set(session.scalars(statement, execution_options=WHOLE))


def _filled(
    session: Session, occasion: Occasion, written: list[tuple[Greeting, Verdict]], expires: datetime
) -> Iterator[tuple[Greeting, Row, Filled | str]]:
    """Each with its text, or why there is none. One number is greeted once: couples share telephones."""
    texts = service_of(session, SMS_TEXTS)
    signed, met = read_setting(session, SIGNED), _greeted(session, written, expires)
    writers: dict[UUID, TextWriter] = {}
    for greeting, (row, _why, _is_personal, choice) in written:
        template_id = choice.template_id if choice is not None else None
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
