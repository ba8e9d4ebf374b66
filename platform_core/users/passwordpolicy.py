"""What passwords a house accepts: two profiles, and the numbers that a house may set beyond them.

`asvs`: OWASP ASVS 5.0 6.2: long ones, nothing that others try first, no composition rules, no forced change.
`mlps`: for houses audited under GB/T 22239-2019 8.1.4.1 a: complexity and periodic change.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import SettingValue
from platform_core.users import passwords
from platform_core.users.keymodels import FormerPassword
from platform_core.users.models import User

_ = translator("users")
SETTING = "users.password_policy"
Profile = Literal["asvs", "mlps"]
PROFILES: dict[str, dict[str, int]] = {
    "asvs": {"minimum": passwords.MINIMUM, "history": 0, "max_age_days": 0},
    "mlps": {"minimum": passwords.MINIMUM, "history": 5, "max_age_days": 90},
}
LABELS = {"asvs": _.lazy("OWASP ASVS: long, never forced to change"), "mlps": _.lazy("MLPS: mixed, changed regularly")}
_CLASSES = 3
MOST_HISTORY = 24


@dataclass(frozen=True, slots=True)
class Policy:
    """`minimum` characters; `history` former passwords that may not come back; `max_age_days`: 0 is no limit.

    `words`: names of the house, its products and places, as they were written, that a password may not be made of.
    """

    profile: str = "asvs"
    minimum: int = passwords.MINIMUM
    history: int = 0
    max_age_days: int = 0
    words: str = ""

    @property
    def mixed(self) -> bool:
        """Whether a password needs three of four kinds of characters."""
        return self.profile == "mlps"

    def problem(self, password: str, *, login: str = "", name: str = "") -> str:
        """Why it may not be used, in the reader's language; "" when it may. Former ones are `was_used`'s to find."""
        house = {word for word in re.split(r"[\s,;\uff0c\uff1b\u3001]+", self.words.casefold()) if len(word) > 1}
        found = passwords.problem(password, login=login, name=name, minimum=self.minimum, house=house)
        if not found and self.mixed and kinds(password) < _CLASSES:
            return _("Use three of these: small letters, capitals, digits, other signs.")
        return found

    def hint(self) -> str:
        """One sentence at the field, before anything is typed."""
        if self.mixed:
            return _(
                "At least %(count)s characters with three of these: small letters, capitals, digits, other signs.",
                count=self.minimum,
            )
        return _(
            "At least %(count)s characters. Several words that make sense to you alone are best.", count=self.minimum
        )

    def has_expired(self, user: User) -> bool:
        if not self.max_age_days or user.password_changed_at is None:
            return False
        return user.password_changed_at + timedelta(days=self.max_age_days) < now()


class PolicyInput(msgspec.Struct, kw_only=True):
    profile: Profile
    minimum: Annotated[int, msgspec.Meta(ge=8, le=64)] = passwords.MINIMUM
    history: Annotated[int, msgspec.Meta(ge=0, le=MOST_HISTORY)] = 0
    max_age_days: Annotated[int, msgspec.Meta(ge=0, le=730)] = 0
    words: Annotated[str, msgspec.Meta(max_length=500)] = ""


def kinds(password: str) -> int:
    """How many of the four kinds it has; a letter without case, such as a Chinese one, counts as another sign."""
    found = {
        "small" if letter.islower() else "capital" if letter.isupper() else "digit" if letter.isdigit() else "other"
        for letter in password
    }
    return len(found)


def read(session: Session) -> Policy:
    stored: Any = session.scalar(select(SettingValue.value).where(SettingValue.key == SETTING))
    try:
        return Policy(**stored) if stored else Policy()
    except TypeError:  # written by another version
        return Policy()


def write(session: Session, actor: Actor, data: PolicyInput) -> None:
    """For passwords that are set from now on. The caller has checked that the actor may. Raises Invalid."""
    wrong = {}
    if data.profile == "mlps" and not 1 <= data.max_age_days <= PROFILES["mlps"]["max_age_days"]:
        wrong["max_age_days"] = _("MLPS asks for 1 to 90 days.")
    if data.profile == "mlps" and not data.history:
        wrong["history"] = _("MLPS asks for at least one.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    before, after = read(session), Policy(**msgspec.structs.asdict(data))
    if before == after:
        return
    row = session.get(SettingValue, SETTING)
    if row is None:
        session.add(SettingValue(key=SETTING, value=asdict(after)))
    else:
        row.value = asdict(after)
    audit.record(session, actor, "users.password_policy", before=asdict(before), after=asdict(after))


def was_used(session: Session, user: User, password: str, policy: Policy) -> bool:
    """Whether it is the present password or one of the former ones that the house remembers."""
    if not policy.history:
        return False
    former = session.scalars(
        select(FormerPassword.password_hash)
        .where(FormerPassword.user_id == user.id)
        .order_by(FormerPassword.at.desc())
        .limit(policy.history)
    ).all()
    return any(stored and passwords.verify(stored, password) for stored in (user.password_hash, *former))


def remember(session: Session, user: User, policy: Policy) -> None:
    """Keep the present hash before it is replaced, no more of them than the house asks for."""
    if not policy.history:
        session.execute(delete(FormerPassword).where(FormerPassword.user_id == user.id))
        return
    if user.password_hash:
        session.add(FormerPassword(user_id=user.id, password_hash=user.password_hash))
    session.flush()  # the new one counts among those that are kept
    kept = (
        select(FormerPassword.id)
        .where(FormerPassword.user_id == user.id)
        .order_by(FormerPassword.at.desc(), FormerPassword.id.desc())
        .limit(policy.history)
    )
    session.execute(
        delete(FormerPassword)
        .where(FormerPassword.user_id == user.id, FormerPassword.id.not_in(kept))
        .execution_options(synchronize_session=False)
    )
