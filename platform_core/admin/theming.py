"""Which theme the house wears and which ones people may choose."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.admin.services import require
from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import SettingValue
from platform_core.users.models import User
from platform_core.web import themes
from platform_core.web.themes import House, Themes

_ = translator("admin")


def choose(session: Session, actor: Actor | None, known: Themes, default: str, offered: Iterable[str]) -> House:
    """Counts from everybody's next page on, in all processes. What can be worn already is all that can be chosen.

    When all themes are offered, so is each that is installed later.
    """
    require(actor, "admin.plugins")
    names = [item.name for item in known.sound()]
    if default not in names:
        raise Invalid(_("Choose one of the themes that work."), fields={"default": _("This theme cannot be worn.")})
    wanted = {name for name in offered if name in names} | {default}
    house = House(default, frozenset() if len(wanted) == len(names) else frozenset(wanted))
    row = session.get(SettingValue, themes.SETTING)
    before = House.of(row.value if row else None)
    if house == before:
        return house
    if row is None:
        session.add(SettingValue(key=themes.SETTING, value=house.stored))
    else:
        row.value = house.stored
    themes.keep(session, house.stored)
    audit.record(session, actor, "admin.themes", before=_told(before, names), after=_told(house, names))
    return house


def _told(house: House, names: list[str]) -> dict[str, str]:
    return {"theme": house.default, "offered": ", ".join(sorted(house.offered or names))}


def wearers(session: Session) -> dict[str, int]:
    """Theme -> active accounts that have chosen it for themselves."""
    chosen = select(User.theme, func.count()).where(User.status == "active", User.theme != "").group_by(User.theme)
    return {name: int(number) for name, number in session.execute(chosen)}
