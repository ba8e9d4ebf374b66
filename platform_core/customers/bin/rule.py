"""How long deleted customers stay in the bin, and from which day on that counts.

Who begins with the rule or makes it shorter has customers in the bin whose days are over already. Nobody loses these
without having been told: they go when the days of the notice are over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.plugin import Setting
from platform_core.kernel import clock, settingvalues
from platform_core.kernel.i18n import translator

_ = translator("customers")
NOTICE = 7
"""Days before the end in which whoever deleted a customer has been told."""
_LONGEST = 3650


def _check(days: int) -> str:
    return "" if 0 <= days <= _LONGEST else str(_("Between 0 and 3,650 days."))


DAYS = Setting(
    "customers.bin_days", _.lazy("Days that deleted customers stay in the bin"), 30, check=_check,
    help=_.lazy(
        "Then they are erased for good at night, except what something still speaks for. 0: never. After a change"
        " nobody is erased before the next seven days are over."
    ),
)  # fmt: skip
_BEGUN = Setting("customers.bin_begun", "", "")


class _Begun(msgspec.Struct):
    """What the job has seen of the rule."""

    days: int
    earliest: date
    told: date | None = None
    """Who was deleted on this day or before has been told of."""


@dataclass(frozen=True, slots=True)
class Rule:
    days: int
    earliest: date
    """Nobody is erased before this day."""
    told: date | None

    @property
    def notice(self) -> int:
        return min(NOTICE, self.days)

    def day_of(self, deleted_at: datetime) -> date:
        """In the night of this day it goes."""
        return max(clock.local(deleted_at).date() + timedelta(days=self.days), self.earliest)

    def deleted_before(self, day: date) -> datetime:
        """Whatever was deleted before this moment has had its days when `day` begins."""
        return clock.day_start(day - timedelta(days=self.days - 1))


def current(session: Session) -> Rule | None:
    """The rule as it stands; None where the bin is never emptied."""
    days = settingvalues.read(session, DAYS)
    if not days:
        return None
    stored = settingvalues.read(session, _BEGUN)
    begun = msgspec.json.decode(stored, type=_Begun) if stored else None
    if begun is None or begun.days != days:
        return Rule(days, clock.today() + timedelta(days=min(NOTICE, days)), None)
    return Rule(days, begun.earliest, begun.told)


def keep(session: Session, rule: Rule | None) -> None:
    """Remember from when it counts, and who was told; without a rule the next one begins anew."""
    text = msgspec.json.encode(_Begun(rule.days, rule.earliest, rule.told)).decode() if rule else None
    settingvalues.write(session, _BEGUN, text)
