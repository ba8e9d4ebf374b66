"""What roles ask of people who sign in; accounts and sessions know no roles, so they ask through a port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.ports import Port

NONE, PASSKEY, KEY = "none", "passkey", "key"
STRENGTH = {NONE: 0, PASSKEY: 1, KEY: 2}
"""What satisfies what: a security key is also good where a passkey is asked for."""


@dataclass(frozen=True, slots=True)
class Demand:
    """`now` is asked at the next sign-in; `soon`, if it is stronger, from `by` on. `bound`: a role hangs on a key."""

    now: str = NONE
    soon: str = NONE
    by: datetime | None = None
    bound: bool = False

    def allows(self, held: str) -> bool:
        return STRENGTH[held] >= STRENGTH[self.now]

    def will_ask_for_more(self, held: str) -> bool:
        return STRENGTH[held] < STRENGTH[self.soon]


class SignInRules(Protocol):
    def of(self, session: Any, user_id: UUID) -> Demand:
        """The strongest demand of the roles that somebody holds."""

    def helpers(self, session: Any) -> list[str]:
        """Names of those who help when a key is lost."""


class _NoRules:
    def of(self, session: Any, user_id: UUID) -> Demand:
        return Demand()

    def helpers(self, session: Any) -> list[str]:
        return []


SIGN_IN_RULES: Port[SignInRules] = Port("sign_in_rules", _NoRules())
