"""The rules: what is measured, when that is too much, and how all of it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.guard import measuring
from platform_core.guard.measuring import Measure
from platform_core.guard.models import RuleSetting
from platform_core.kernel.errors import Forbidden, NotFound
from platform_core.kernel.i18n import noop, translator

_ = translator("guard")
MANAGE = "guard.rules"
CANARY = "canary"
EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Rule:
    """`told` is filled with name, number, threshold and minutes; `actions` are the lines of the trail behind it."""

    code: str
    title: str
    explained: str
    told: str
    threshold: int
    minutes: int
    measure: Measure
    actions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Set:
    """A rule as it is set."""

    rule: Rule
    enabled: bool
    threshold: int
    minutes: int


class RuleInput(msgspec.Struct, kw_only=True):
    threshold: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    minutes: Annotated[int, msgspec.Meta(ge=1, le=2880)]
    enabled: bool = False


_WITHOUT_RULE = {
    CANARY: (_.lazy("Bait touched"), noop("%(name)s touched a bait customer.")),
    EMERGENCY: (
        _.lazy("Opened in an emergency"),
        noop("%(name)s opened a customer outside of their reach in an emergency, for %(minutes)d minutes."),
    ),
}
"""What is told at once and measured by no rule: its title, and the sentence that tells it."""
_ALL = (
    Rule(
        "reveals",
        _.lazy("Many numbers in a short time"),
        _.lazy("Somebody reveals numbers of many customers: faster than they can be called."),
        noop("%(name)s revealed numbers of %(number)d customers within %(minutes)d minutes (limit %(threshold)d)."),
        20, 60, measuring.reveals, measuring.REVEALED,
    ),
    Rule(
        "unused",
        _.lazy("Numbers without a call"),
        _.lazy("Somebody revealed numbers the day before, and no contact with these customers was written down since."),
        noop("%(name)s revealed numbers of %(number)d customers without a contact within a day (limit %(threshold)d)."),
        20, 1440, measuring.unused, measuring.REVEALED,
    ),
    Rule(
        "night",
        _.lazy("Outside of working hours"),
        _.lazy("Somebody opens customers before 7 or after 21 o'clock."),
        noop("%(name)s opened %(number)d customers outside of working hours (limit %(threshold)d)."),
        10, 60, measuring.at_night, measuring.OPENED,
    ),
    Rule(
        "walk",
        _.lazy("One customer after the other"),
        _.lazy("Somebody opens customers in the order in which they were added, or against it, as a program would."),
        noop("%(name)s opened %(number)d customers in the order of the records (limit %(threshold)d)."),
        15, 60, measuring.walks, measuring.OPENED,
    ),
    Rule(
        "searches",
        _.lazy("Many searches, few openings"),
        _.lazy("Somebody searches again and again and opens less than one customer for ten searches."),
        noop("%(name)s searched %(number)d times within %(minutes)d minutes, opening few (limit %(threshold)d)."),
        60, 60, measuring.searches, measuring.SEARCHED,
    ),
    Rule(
        "paging",
        _.lazy("Many pages of lists"),
        _.lazy("Somebody turns page after page of the lists of customers or contacts; programs count like people."),
        noop("%(name)s read %(number)d pages of lists within %(minutes)d minutes (limit %(threshold)d)."),
        60, 60, measuring.paging, measuring.LISTED,
    ),
    Rule(
        "foreign",
        _.lazy("Customers of other departments"),
        _.lazy("More than 40 % of the customers that somebody opens belong neither to them nor to their department."),
        noop("%(name)s opened %(number)d customers of other departments (limit %(threshold)d)."),
        20, 480, measuring.foreign, measuring.OPENED,
    ),
    Rule(
        "refusals",
        _.lazy("Knocking on closed doors"),
        _.lazy("Somebody tries addresses of customers that they may not see."),
        noop("%(name)s was refused %(number)d customers within %(minutes)d minutes (limit %(threshold)d)."),
        10, 10, measuring.refusals, measuring.REFUSED,
    ),
    Rule(
        "places",
        _.lazy("Files from a new place"),
        _.lazy("Somebody asks for a file or prints from an address that they have not worked from before."),
        noop("%(name)s asked for a file or printed %(number)d times from a new address (limit %(threshold)d)."),
        1, 60, measuring.strange_places, measuring.TAKEN,
    ),
)  # fmt: skip
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _ALL}


def told_by(code: str) -> str:
    return _WITHOUT_RULE[code][1] if code in _WITHOUT_RULE else RULES[code].told


def title_of(code: str) -> str:
    return str(_WITHOUT_RULE[code][0] if code in _WITHOUT_RULE else RULES[code].title)


def as_set(session: Session) -> list[Set]:
    rows = {row.code: row for row in session.scalars(select(RuleSetting))}
    found = []
    for code, rule in RULES.items():
        row = rows.get(code)
        if row is None:
            found.append(Set(rule, enabled=True, threshold=rule.threshold, minutes=rule.minutes))
        else:
            found.append(Set(rule, row.enabled, row.threshold, row.minutes))
    return found


def change(session: Session, actor: Actor, code: str, data: RuleInput) -> None:
    """Raises Forbidden and NotFound."""
    if not actor.can(MANAGE):
        raise Forbidden(lacks=MANAGE)
    if code not in RULES:
        raise NotFound(_("There is no such rule."))
    now_set = next(item for item in as_set(session) if item.rule.code == code)
    old = {"enabled": now_set.enabled, "threshold": now_set.threshold, "minutes": now_set.minutes}
    before, after = audit.changes(old, msgspec.structs.asdict(data))
    if not after:
        return
    session.merge(RuleSetting(code=code, enabled=data.enabled, threshold=data.threshold, minutes=data.minutes))
    audit.record(session, actor, "guard.rule", before=before, after={"rule": code, **after})
