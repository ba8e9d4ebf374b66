"""Behind MAIL_SENDER: mails to colleagues, in their language, each as far as they want it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
            key: Reader(key, name, language)
            for key, name, language, address, chosen in session.execute(statement)
            if reaches(address) and kind not in choosing.unwanted(chosen or {})
        }

    def address(self, session: Session, user_id: UUID) -> str:
        return _addresses(session, [user_id]).get(user_id, "")

    def send(self, session: Session, mails: Sequence[Mail]) -> int:
        if not mails:
            return 0
        people = {mail.to.user_id for mail in mails} | {mail.reply_to for mail in mails if mail.reply_to}
        known = _addresses(session, people)
        return len(send_messages(session, None, [_sealed(session, mail, known) for mail in mails]))


def is_possible(session: Session) -> bool:
    """Whether an account that is switched on carries mail to colleagues."""
    drivers = message_drivers(session)
    statement = select(OutboxAccount.driver, OutboxAccount.serves).where(
        OutboxAccount.channel == CHANNEL, OutboxAccount.enabled
    )
    return any(driver in drivers and _SERVICE in serves for driver, serves in session.execute(statement))


def reaches(address: str) -> bool:
    return address.isascii() and is_mail_address(address)


def _addresses(session: Session, people: Iterable[UUID]) -> dict[UUID, str]:
    rows = session.execute(select(User.id, User.email).where(User.id.in_(list(people))))
    return {key: address for key, address in rows if reaches(address)}


def _sealed(session: Session, mail: Mail, known: Mapping[UUID, str]) -> Outgoing:
    base = house_url(session)
    with speaking(mail.to.language):
        why = _("Which mails Baton sends you is up to you: %(url)s", url=f"{base}{choosing.PATH}")
    text = "\n\n".join(filter(None, (mail.text, mail.path and f"{base}{mail.path}", f"-- \n{why}")))
    letter = Letter(
        one_line(mail.subject), one_line(mail.to.name), known.get(mail.reply_to, "") if mail.reply_to else "",
        mail.calendar, mail.method,
    )  # fmt: skip
    return Outgoing(
        key=mail.key, channel=CHANNEL, owner="mail", text=text, address=known[mail.to.user_id], letter=letter,
        expires_at=mail.expires_at,
    )  # fmt: skip
