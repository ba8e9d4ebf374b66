"""How values look on a page: dates near and far, amounts, counts. Also the template filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from babel.dates import get_day_names
from markupsafe import Markup, escape

from platform_core.kernel.clock import local, now, today
from platform_core.kernel.i18n import language, translator

_ = translator("web")
_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}


def exact(value: datetime | date | None) -> str:
    """2026-11-22 14:05, in the organisation's zone."""
    if value is None:
        return ""
    # isoformat, here and below: strftime takes four times as long, and a list shows hundreds of moments.
    return local(value).isoformat(" ")[:16] if isinstance(value, datetime) else value.isoformat()


def day(value: datetime | date | None) -> str:
    """11-22 Sun this year, 2025-11-22 otherwise."""
    if value is None:
        return ""
    when = local(value).date() if isinstance(value, datetime) else value
    if when.year != today().year:
        return when.isoformat()
    return f"{when.isoformat()[5:]} {_weekday(when.weekday(), language())}"


@cache
def _weekday(number: int, code: str) -> str:
    """Kept, since finding it among the locale's names takes longer than all the rest of a list's cell."""
    name: str = get_day_names("abbreviated", locale=_LOCALES[code])[number]
    return name


def weekday(number: int) -> str:
    """Mon; Monday is 0."""
    return _weekday(number, language())


def clock_time(value: datetime | None) -> str:
    return "" if value is None else local(value).isoformat()[11:16]


def due(value: datetime | date | None) -> str:
    """How a deadline reads: today 15:30, tomorrow 10:00, 2 days overdue, or the day."""
    if value is None:
        return ""
    timed = isinstance(value, datetime)
    when = local(value).date() if isinstance(value, datetime) else value
    time = f" {clock_time(value)}" if isinstance(value, datetime) else ""
    days = (when - today()).days
    if days < 0:
        return _.ngettext("%(num)s day overdue", "%(num)s days overdue", -days)
    if timed and isinstance(value, datetime) and value < now():
        return _("overdue since %(time)s", time=clock_time(value))
    if days == 0:
        return _("Today") + time
    if days == 1:
        return _("Tomorrow") + time
    return day(value) + time


def due_tone(value: datetime | date | None) -> str:
    """red overdue, amber today, primary tomorrow, empty later."""
    if value is None:
        return ""
    when = local(value).date() if isinstance(value, datetime) else value
    days = (when - today()).days
    if days < 0 or (isinstance(value, datetime) and value < now()):
        return "red"
    return {0: "amber", 1: "primary"}.get(days, "")


def ago(value: datetime | date | None) -> str:
    """just now, 17 minutes ago, yesterday 16:20, 3 days ago, then the day."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        seconds = (now() - value).total_seconds()
        if 0 <= seconds < 60:
            return _("just now")
        if 0 <= seconds < 3600:
            return _.ngettext("%(num)s minute ago", "%(num)s minutes ago", int(seconds // 60))
    when = local(value).date() if isinstance(value, datetime) else value
    days = (today() - when).days
    if days == 0:
        return (_("Today") + f" {clock_time(value)}") if isinstance(value, datetime) else _("Today")
    if days == 1:
        return (_("Yesterday") + f" {clock_time(value)}") if isinstance(value, datetime) else _("Yesterday")
    if 1 < days < 31:
        return _.ngettext("%(num)s day ago", "%(num)s days ago", days)
    return day(value)


def time_tag(value: datetime | date | None, show: str = "day", cls: str = "") -> Markup:
    """A <time> that reads as `show` says (day, ago, due or datetime), its title the exact moment; a dash for none."""
    if value is None:
        return _NO_TIME
    title, shown = "", value
    if isinstance(value, datetime):
        shown = local(value)  # once, for the three that ask for it
        title = f' title="{exact(shown)}"'
    marked = f' class="{escape(cls)}"' if cls else ""
    # Nothing but moments and escaped words. A filter, since lists show hundreds of them and macros cost.
    return Markup(f'<time datetime="{value.isoformat()}"{title}{marked}>{escape(_SHOWN[show](shown))}</time>')  # noqa: S704


def money(value: Decimal | int | None) -> str:
    return "" if value is None else f"¥{Decimal(value):,.2f}"


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def hue(value: object) -> int:
    """A stable colour 1..6 for an avatar."""
    return sum(str(value).encode()) % 6 + 1


_NO_TIME = Markup('<span class="z">\u2014</span>')
_SHOWN: dict[str, Callable[[datetime | date], str]] = {"day": day, "ago": ago, "due": due, "datetime": exact}
FILTERS: dict[str, Callable[..., Any]] = {
    "datetime": exact,
    "day": day,
    "time": clock_time,
    "due": due,
    "due_tone": due_tone,
    "ago": ago,
    "time_tag": time_tag,
    "money": money,
    "num": number,
    "hue": hue,
}
