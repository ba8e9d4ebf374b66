"""Behind MAIL_SENDER: mails to colleagues, in their language, each as far as they want it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from baton_plugins.mail import choosing
from baton_plugins.mail.drivers import CHANNEL
from baton_plugins.mail.writing import one_line
from sqlalchemy import select

from platform_core.api import Session, User, speaking, translator
from platform_core.api.messages import (
    Letter,
    Mail,
    MailKind,
    OutboxAccount,
    Outgoing,
    Reader,
    house_url,
    is_mail_address,
    message_drivers,
    send_messages,
)

_ = translator("mail")
_SERVICE = "service.all"


class Sender:
    def readers(self, session: Session, user_ids: Collection[UUID], kind: MailKind) -> dict[UUID, Reader]:
        if not user_ids or not is_possible(session):
            return {}
        statement = select(User.id, User.name, User.language, User.email, User.preferences).where(
            User.id.in_(user_ids), User.status == "active", User.email != ""
        )
        return {
            key: Reader(key, name, address, language)
            for key, name, language, address, chosen in session.execute(statement)
            if reaches(address) and kind not in choosing.unwanted(chosen or {})
        }

    def address(self, session: Session, user_id: UUID) -> str:
        found = session.scalar(select(User.email).where(User.id == user_id)) or ""
        return found if reaches(found) else ""

    def send(self, session: Session, mails: Sequence[Mail]) -> int:
        return len(send_messages(session, None, [_sealed(session, mail) for mail in mails])) if mails else 0


def is_possible(session: Session) -> bool:
    """Whether an account that is switched on carries mail to colleagues."""
    drivers = message_drivers(session)
    statement = select(OutboxAccount.driver, OutboxAccount.serves).where(
        OutboxAccount.channel == CHANNEL, OutboxAccount.enabled
    )
    return any(driver in drivers and _SERVICE in serves for driver, serves in session.execute(statement))


def reaches(address: str) -> bool:
    return address.isascii() and is_mail_address(address)


def _sealed(session: Session, mail: Mail) -> Outgoing:
    base = house_url(session)
    with speaking(mail.to.language):
        why = _("Which mails Baton sends you is up to you: %(url)s", url=f"{base}{choosing.PATH}")
    text = "\n\n".join(filter(None, (mail.text, mail.path and f"{base}{mail.path}", f"-- \n{why}")))
    letter = Letter(one_line(mail.subject), one_line(mail.to.name), mail.reply_to, mail.calendar, mail.method)
    return Outgoing(
        key=mail.key, channel=CHANNEL, owner="mail", text=text, address=mail.to.address, letter=letter,
        expires_at=mail.expires_at,
    )  # fmt: skip
