"""How values look on a page: dates near and far, amounts, counts. Also the template filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from babel.dates import get_day_names
from markupsafe import Markup, escape

from platform_core.kernel.clock import local, now, today, zone
from platform_core.kernel.i18n import language, translator

_ = translator("web")
_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}


class _Seen(NamedTuple):
    """A moment as the organisation's clock and calendar show it: worked out once, since lists show hundreds."""

    instant: datetime | None
    """None for a whole day."""
    date: date
    time: str
    """14:05, empty for a whole day."""
    iso: str
    """2026-11-22 14:05+08:00 or 2026-11-22, as HTML knows it."""


def _seen(value: datetime | date) -> _Seen:
    return _seen_from(value, zone())


@lru_cache(maxsize=512)
def _seen_from(value: datetime | date, _zone: tzinfo) -> _Seen:
    """Kept: a row shows the same moment two or three times, as words and as a title."""
    if not isinstance(value, datetime):
        return _Seen(None, value, "", value.isoformat())
    here = local(value)
    # isoformat: strftime takes four times as long.
    iso = here.isoformat(" ", "minutes")
    return _Seen(value, here.date(), iso[11:16], iso)


def exact(value: datetime | date | None) -> str:
    """2026-11-22 14:05, in the organisation's zone."""
    return "" if value is None else _exact(_seen(value))


def _exact(seen: _Seen) -> str:
    return seen.iso[:16]


def day(value: datetime | date | None) -> str:
    """11-22 Sun this year, 2025-11-22 otherwise."""
    return "" if value is None else _day(_seen(value))


def _day(seen: _Seen) -> str:
    if seen.date.year != today().year:
        return seen.iso[:10]
    return f"{seen.iso[5:10]} {_weekday(seen.date.weekday(), language())}"


@cache
def _weekday(number: int, code: str) -> str:
    """Kept, since finding it among the locale's names takes longer than all the rest of a list's cell."""
    name: str = get_day_names("abbreviated", locale=_LOCALES[code])[number]
    return name


def weekday(number: int) -> str:
    """Mon; Monday is 0."""
    return _weekday(number, language())


def clock_time(value: datetime | None) -> str:
    return "" if value is None else _seen(value).time


def due(value: datetime | date | None) -> str:
    """How a deadline reads: today 15:30, tomorrow 10:00, 2 days overdue, or the day."""
    return "" if value is None else _due(_seen(value))


def _due(seen: _Seen) -> str:
    days = (seen.date - today()).days
    if days < 0:
        return _.ngettext("%(num)s day overdue", "%(num)s days overdue", -days)
    if seen.instant is not None and seen.instant < now():
        return _("overdue since %(time)s", time=seen.time)
    named = _("Today") if days == 0 else _("Tomorrow") if days == 1 else _day(seen)
    return f"{named} {seen.time}".rstrip()


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
    return "" if value is None else _ago(_seen(value))


def _ago(seen: _Seen) -> str:
    if seen.instant is not None:
        seconds = (now() - seen.instant).total_seconds()
        if 0 <= seconds < 60:
            return _("just now")
        if 0 <= seconds < 3600:
            return _.ngettext("%(num)s minute ago", "%(num)s minutes ago", int(seconds // 60))
    days = (today() - seen.date).days
    if 1 < days < 31:
        return _.ngettext("%(num)s day ago", "%(num)s days ago", days)
    if days not in {0, 1}:
        return _day(seen)
    named = _("Yesterday") if days else _("Today")
    return f"{named} {seen.time}".rstrip()


def time_tag(value: datetime | date | None, show: str = "day", cls: str = "") -> Markup:
    """A <time> that reads as `show` says (day, ago, due or datetime), its title the exact moment; a dash for none."""
    if value is None:
        return _NO_TIME
    seen = _seen(value)
    title = f' title="{_exact(seen)}"' if seen.time else ""
    marked = f' class="{escape(cls)}"' if cls else ""
    # Nothing but moments and escaped words. A filter, since lists show hundreds of them and macros cost.
    return Markup(f'<time datetime="{seen.iso}"{title}{marked}>{escape(_SHOWN[show](seen))}</time>')  # noqa: S704


def money(value: Decimal | int | None) -> str:
    return "" if value is None else f"¥{Decimal(value):,.2f}"


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def hue(value: object) -> int:
    """A stable colour 1..6 for an avatar."""
    return sum(str(value).encode()) % 6 + 1


_NO_TIME = Markup('<span class="z">\u2014</span>')
_SHOWN: dict[str, Callable[[_Seen], str]] = {"day": _day, "ago": _ago, "due": _due, "datetime": _exact}
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
