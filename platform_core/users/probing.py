"""Guessing numbers by searching for them.

Masks show all digits of a number but four, and whole numbers can be searched for: whoever may ask without end learns
the four. So searches for numbers and mail addresses that find nothing are lines of their own, and many of them in a
short time are too many. Searches for names pay nothing for it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import TooManyRequests
from platform_core.kernel.i18n import translator
from platform_core.web.lists.private import is_private

_ = translator("users")
MOST = 40
"""Somebody who looks up a caller types a number once or twice; a search while typing asks for its tail as well."""
WINDOW = timedelta(minutes=10)


def check(session: Session, actor: Actor, words: str) -> None:
    """Before looking. Raises TooManyRequests."""
    if not is_private(words):
        return
    missed = session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.actor_id == actor.real.user_id,
            AuditEntry.at > now() - WINDOW,
            AuditEntry.result != "ok",
            AuditEntry.result == "failed",
            AuditEntry.action.in_(["customers.search"]) | AuditEntry.action.endswith(".list", autoescape=True),
        )
    )
    if (missed or 0) >= MOST:
        raise TooManyRequests(
            _("Too many searches for numbers that nobody has. Try again in ten minutes."),
            retry_after=int(WINDOW.total_seconds()),
        )


def result(words: str, *, found: bool) -> str:
    """What the audit line of a search says."""
    return "ok" if found or not is_private(words) else "failed"
