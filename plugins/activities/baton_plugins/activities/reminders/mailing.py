"""Reminders as mails: to whom mail reaches and who wants it, where that is set only while they are not here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from baton_plugins.activities.reminders import texting
from baton_plugins.activities.reminders.settings import MAIL, MAIL_AWAY

from platform_core.api import Session, now, people_online, read_setting, service_of, speaking, translator
from platform_core.api.messages import MAIL_SENDER, Mail, MailKind, Reader

if TYPE_CHECKING:
    from baton_plugins.activities.reminders.sweep import Due

_ = translator("activities")
_MOST = 20
"""Plans that one mail names"""
_LATE = timedelta(hours=12)
"""A reminder that has not left by then is of no use."""


def readers(session: Session, user_ids: Collection[UUID], kind: MailKind) -> dict[UUID, Reader]:
    if not user_ids or not read_setting(session, MAIL):
        return {}
    found = service_of(session, MAIL_SENDER).readers(session, user_ids, kind)
    here = people_online(session, list(found)) if found and read_setting(session, MAIL_AWAY) else set()
    return {key: reader for key, reader in found.items() if key not in here}


def send(session: Session, to: Reader, plans: Sequence[Due]) -> None:
    """One mail for all of them. It leads to the plan where there is one, else to all of the reader's own."""
    first = plans[0]
    with speaking(to.language):
        lines = [" ".join(filter(None, texting.words(session, plan).values())) for plan in plans[:_MOST]]
        subject = _("Reminder: %(text)s", text=lines[0])
        if len(plans) > 1:
            subject = _("%(text)s, and %(number)s more plans", text=subject, number=len(plans) - 1)
        if len(plans) > _MOST:
            lines.append(_("and %(number)s more plans", number=len(plans) - _MOST))
    path = first.url if len(plans) == 1 else "/plans"
    key = f"activities.mail:{first.plan_id}:{to.user_id}:{first.fire_at.isoformat()}"
    put(session, Mail(key, to, subject, "\n".join(lines), path, expires_at=now() + _LATE))


def put(session: Session, *mails: Mail) -> None:
    service_of(session, MAIL_SENDER).send(session, mails)
