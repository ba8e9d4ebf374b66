"""For whom a template is: with a tag, of a grade, of a classification, everybody else. The most specific one is taken.

A tag is put on single customers by hand, a grade says how much one is worth, a classification what it is to the house.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.care.models import Occasion, TagWording, Wording
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy import exists as any_of

from platform_core.api import Customer, CustomerTag, Session, Tag, among, dictionaries, proven, translator

_ = translator("care")
CODES = ("grade", "classification")
"""Dictionaries of customers, the more specific one first"""
MOST = 200
"""Tags to choose from"""
_PROOF = proven("tags of customers whose rows the caller holds")


class Segment(NamedTuple):
    """`kind` tag, grade, classification, or "" for everybody else; `value` a code or the id of a tag."""

    kind: str = ""
    value: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.value}" if self.kind else ""


class Choice(NamedTuple):
    """A template and for whom it is; `tag` is the tag's name where it is for one."""

    template_id: UUID
    segment: Segment
    tag: str


def read(key: str) -> Segment:
    kind, _colon, value = key.partition(":")
    return Segment(kind, value)


def made(segment: Segment, occasion_id: UUID, template_id: UUID) -> Wording | TagWording:
    if segment.kind == "tag":
        return TagWording(occasion_id=occasion_id, tag_id=UUID(segment.value), template_id=template_id)
    codes = {segment.kind: segment.value} if segment.kind else {}
    return Wording(occasion_id=occasion_id, template_id=template_id, **codes)


def tags(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(select(Tag.id, Tag.name).order_by(Tag.name).limit(MOST))
    return [(str(key), name) for key, name in rows]


def exists(session: Session, segment: Segment) -> bool:
    """Codes come from the lists of a form; a tag may have been taken away in the meantime."""
    if segment.kind != "tag":
        return True
    try:
        return session.get(Tag, UUID(segment.value)) is not None
    except ValueError:
        return False


def kept(session: Session) -> tuple[list[Occasion], list[tuple[UUID, Choice]]]:
    """Occasions that are switched on, the more important ones first, with what is written on them."""
    return _read(session, Occasion.active.is_(True))


def of_occasion(session: Session, occasion_id: UUID) -> list[tuple[UUID, Choice]]:
    return _read(session, Occasion.id == occasion_id)[1]


def _read(session: Session, which: ColumnElement[bool]) -> tuple[list[Occasion], list[tuple[UUID, Choice]]]:
    """Occasions and (occasion, choice). One statement: each template by code comes with each by tag."""
    rows: Sequence[Any] = session.execute(
        select(Occasion, Wording, TagWording, Tag.name)
        .outerjoin(Wording, Wording.occasion_id == Occasion.id)
        .outerjoin(TagWording, TagWording.occasion_id == Occasion.id)
        .outerjoin(Tag, Tag.id == TagWording.tag_id)
        .where(which)
        .order_by(Occasion.order, Occasion.name, Tag.name)
    ).all()
    choices: dict[tuple[UUID, Segment], Choice] = {}
    for occasion, by_code, by_tag, name in rows:
        if by_code is not None:
            segment = next((Segment(key, code) for key in CODES if (code := getattr(by_code, key))), Segment())
            choices[occasion.id, segment] = Choice(by_code.template_id, segment, "")
        if by_tag is not None:
            segment = Segment("tag", str(by_tag.tag_id))
            choices[occasion.id, segment] = Choice(by_tag.template_id, segment, name)
    found = [(occasion_id, choice) for (occasion_id, _segment), choice in choices.items()]
    return list(dict.fromkeys(row[0] for row in rows)), found


def offered(session: Session, occasion_id: UUID) -> list[tuple[str, str]]:
    """(key, label): everybody else, what the dictionaries have, and the tags that have a template."""
    found = [("", _("Everybody else"))]
    for name in reversed(CODES):
        choices = dictionaries.choices(session, f"customers.{name}")
        found += [(Segment(name, code).key, f"{_kind(name)} {label}") for code, label in choices]
    known = [choice for _occasion, choice in of_occasion(session, occasion_id) if choice.tag]
    return [*found, *((choice.segment.key, label(session, choice)) for choice in known)]


def label(session: Session, choice: Choice) -> str:
    """For whom it is."""
    kind, value = choice.segment
    if not kind:
        return _("Everybody else")
    named = choice.tag if kind == "tag" else dictionaries.label(session, f"customers.{kind}", value)
    return f"{_kind(kind)} {named}"


def _kind(name: str) -> str:
    return {"grade": _("grade"), "classification": _("classification"), "tag": _("tag")}[name]


def for_everybody(occasion_id: UUID) -> ColumnElement[bool]:
    """SQL: there is a template for whoever has no other on the occasion."""
    return any_of().where(Wording.occasion_id == occasion_id, *(getattr(Wording, name) == "" for name in CODES))


def met(occasion_id: UUID) -> ColumnElement[bool]:
    """SQL: there is a template for the customer on the occasion."""
    mine = Wording.occasion_id == occasion_id
    by_code = (
        getattr(Customer, name).in_(select(getattr(Wording, name)).where(mine, getattr(Wording, name) != ""))
        for name in CODES
    )
    tagged = any_of().where(
        CustomerTag.customer_id == Customer.id, TagWording.tag_id == CustomerTag.tag_id,
        TagWording.occasion_id == occasion_id,
    )  # fmt: skip
    return or_(for_everybody(occasion_id), *by_code, tagged)


class Chooser:
    """Which of an occasion's templates a customer is written with; of several tags the first by name."""

    def __init__(
        self, session: Session, choices: Iterable[tuple[UUID, Choice]], customer_ids: Iterable[UUID | None]
    ) -> None:
        self._by_occasion: dict[UUID, dict[str, Choice]] = defaultdict(dict)
        for occasion_id, choice in choices:
            self._by_occasion[occasion_id][choice.segment.key] = choice
        kept = (choice for known in self._by_occasion.values() for choice in known.values())
        wanted = {UUID(choice.segment.value) for choice in kept if choice.tag}
        self._tags = _tags_of(session, wanted, {key for key in customer_ids if key}) if wanted else {}

    def choice(self, occasion_id: UUID, customer_id: UUID | None, codes: Mapping[str, str]) -> Choice | None:
        known = self._by_occasion[occasion_id]
        of_tags = [Segment("tag", str(key)) for key in (self._tags.get(customer_id, ()) if customer_id else ())]
        asked = [*of_tags, *(Segment(name, codes[name]) for name in CODES), Segment()]
        return next((known[segment.key] for segment in asked if segment.key in known), None)


def _tags_of(session: Session, wanted: Iterable[UUID], customer_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    statement = (
        select(CustomerTag.customer_id, CustomerTag.tag_id)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(among(CustomerTag.tag_id, wanted), among(CustomerTag.customer_id, customer_ids))
        .order_by(Tag.name)
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for customer_id, tag_id in session.execute(statement, execution_options=_PROOF):
        found[customer_id].append(tag_id)
    return dict(found)
