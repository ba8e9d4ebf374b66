"""Reminders as text messages: to whom an administrator gave the right, and only while they are not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from baton_plugins.activities import presets
from baton_plugins.activities.reminders.settings import SMS, SMS_AWAY, SMS_CODES, SMS_NAMES
from sqlalchemy import select

from platform_core.api import Actor, Invalid, Session, User, people_online, read_setting, speaking, translator
from platform_core.api.messages import Outgoing, message_drivers, send_message

if TYPE_CHECKING:
    from baton_plugins.activities.reminders.sweep import Due

_ = translator("activities")
RIGHT = "activities.sms"


def numbers(session: Session, actors: Sequence[Actor]) -> dict[UUID, str]:
    """The mobiles of those who get a text message now."""
    entitled = [actor.user_id for actor in actors if actor.can(RIGHT)]
    if not entitled or not read_setting(session, SMS) or not _is_possible(session):
        return {}
    here = people_online(session, entitled) if read_setting(session, SMS_AWAY) else set()
    statement = select(User.id, User.phone).where(User.id.in_(entitled), User.phone != "")
    return {key: phone for key, phone in session.execute(statement) if key not in here}


def words(session: Session, plan: Due) -> dict[str, str]:
    """What may leave the house of a plan: neither what it says nor, unless that is set, whom it is about."""
    return {
        "when": plan.when,
        "what": presets.kind(session, plan.kind).label,
        "whom": plan.customer if read_setting(session, SMS_NAMES) else "",
    }


def _is_possible(session: Session) -> bool:
    return any(driver.channel == "sms" for driver in message_drivers(session).values())


def send(session: Session, actor: Actor, number: str, plans: Sequence[Due]) -> None:
    """One message for all of them, into the outbox. A number that cannot be one leaves the line in the page."""
    first = plans[0]
    with speaking(actor.language):
        values = words(session, first)
        text = _("Reminder: %(text)s", text=" ".join(part for part in values.values() if part))
        if len(plans) > 1:
            text = _("%(text)s, and %(number)s more plans", text=text, number=len(plans) - 1)
    codes = (part.strip().partition("=") for part in read_setting(session, SMS_CODES).split(",") if part.strip())
    message = Outgoing(
        key=f"activities.remind:{first.plan_id}:{actor.user_id}:{first.fire_at.isoformat()}", channel="sms",
        owner="activities", text=text, address=number,
        templates={driver: (code, values) for driver, _sign, code in codes},
    )  # fmt: skip
    try:
        send_message(session, None, message)
    except Invalid:
        return
