"""How customers get their codes: by a rule for each kind, typed by hand, or either.

A rule is an entry of the dictionary `customers.codes`, so every process has it at hand. Numbers come from a counter
that is raised in the transaction that adds the customer: whoever comes next waits for it, and a number of a
transaction that fails is given out again.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel import clock, counters, dictionaries
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import DictionaryRow
from platform_core.kernel.scope import proven

_ = translator("customers")
DICTIONARY = "customers.codes"
PERMISSION = "customers.fields"
KINDS = ("organisation", "person")
_FIRST = "C"
"""Prefix of the rule that a new installation has; its counters are named by the period alone."""
_FINE = {"never": 0, "year": 1, "month": 2, "day": 3}
_FORMATS = {"never": "", "year": "%Y", "month": "%Y%m", "day": "%Y%m%d"}
_PROOF = proven("which numbers codes have, and no more")
Period = Literal["never", "year", "month", "day"]


class Rule(msgspec.Struct, kw_only=True, frozen=True):
    """`date`: how much of the day stands in the code; `reset`: when numbers begin again at 1."""

    prefix: Annotated[str, Meta(max_length=12, pattern=r"^[A-Za-z0-9]*$")] = _FIRST
    separator: Literal["", "-", "/", "."] = "-"
    date: Period = "year"
    digits: Annotated[int, Meta(ge=1, le=10)] = 5
    reset: Period = "year"
    typed: Literal["either", "generated", "typed"] = "either"

    def stem(self, day: dt.date) -> str:
        """What stands before the number."""
        parts = [self.prefix, day.strftime(_FORMATS[self.date])]
        return "".join(part + self.separator for part in parts if part)

    def code(self, day: dt.date, number: int) -> str:
        return f"{self.stem(day)}{number:0{self.digits}}"

    def counter(self, day: dt.date) -> str:
        period = day.strftime(_FORMATS[self.reset]) or "all"
        return f"customers.code.{period}" if self.prefix == _FIRST else f"customers.code.{self.prefix}.{period}"


def of(session: Session, kind: str) -> Rule:
    entry = dictionaries.entries(session, DICTIONARY).get(kind)
    return msgspec.convert(dict(entry.data), Rule) if entry is not None else Rule()


def fresh(session: Session, kind: str, count: int = 1) -> list[str]:
    """Codes that nobody was given yet, such as C-2026-00042. Concurrent callers wait for each other until they commit.

    Somebody may have typed one of them; whoever saves it finds out.
    """
    rule, day = of(session, kind), clock.today()
    last = counters.bump(session, rule.counter(day), by=count)
    return [rule.code(day, number) for number in range(last - count + 1, last + 1)]


def skip(session: Session, kind: str) -> None:
    """Go on behind the largest number there is: the codes of a rule's own numbers were typed or imported in plenty."""
    rule, day = of(session, kind), clock.today()
    last = counters.read(session, rule.counter(day))
    behind = _largest(session, rule.stem(day))
    if behind > last:
        counters.bump(session, rule.counter(day), by=behind - last)


def example(session: Session, rule: Rule) -> str:
    """The code that the next customer would get. Takes no number."""
    day = clock.today()
    made = rule.code(day, counters.read(session, rule.counter(day)) + 1)
    taken = session.scalar(select(exists().where(Customer.code == made)), execution_options=_PROOF)
    return rule.code(day, _largest(session, rule.stem(day)) + 1) if taken else made


def check(session: Session, kind: str, code: str | None) -> None:
    """Raises Invalid where a code has to be typed, or must not be. `code` is what was typed, "" for nothing."""
    rule = of(session, kind)
    if rule.typed == "generated" and code:
        message = _("Codes are made by the house's rule. Leave this empty.")
    elif rule.typed == "typed" and not code:
        message = _("Please fill this in.")
    else:
        return
    raise Invalid(message, fields={"code": message})


def change(session: Session, actor: Actor, kind: str, rule: Rule) -> None:
    """Raises Forbidden, and Invalid for a rule by which numbers would repeat."""
    if not actor.can(PERMISSION):
        raise Forbidden(lacks=PERMISSION)
    if _FINE[rule.reset] > _FINE[rule.date]:
        message = _("Numbers that begin again need the day in the code, or they would repeat.")
        raise Invalid(message, fields={"reset": message})
    if len(rule.code(clock.today(), 1)) > Customer.code.type.length:
        message = _("At most %(limit)s characters.", limit=Customer.code.type.length)
        raise Invalid(message, fields={"prefix": message})
    row = session.scalars(
        select(DictionaryRow).where(DictionaryRow.dictionary == DICTIONARY, DictionaryRow.code == kind)
    ).one_or_none()
    if row is None:
        row = DictionaryRow(dictionary=DICTIONARY, code=kind, label=kind)
        session.add(row)
    new = msgspec.to_builtins(rule)
    before, after = audit.changes(msgspec.to_builtins(of(session, kind)), new)
    row.data = new
    dictionaries.changed(session)
    session.flush()  # the audit line names its id
    if after:
        ref = EntityRef("customers", "code_rule", row.id, kind)
        audit.record(session, actor, "customers.code_rule", ref, before=before, after=after)


def _largest(session: Session, stem: str) -> int:
    """The largest number that a code with this stem has."""
    tail = func.substr(Customer.code, len(stem) + 1)
    statement = (
        select(tail)
        .where(Customer.code.startswith(stem, autoescape=True), func.length(Customer.code) > len(stem))
        .order_by(func.length(Customer.code).desc(), Customer.code.desc())
        .limit(50)
    )
    found = session.scalars(statement, execution_options=_PROOF)
    return max((int(text) for text in found if text.isascii() and text.isdigit() and len(text) <= 10), default=0)
