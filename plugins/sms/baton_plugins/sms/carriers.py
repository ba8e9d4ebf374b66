"""Which accounts would carry a text, and what that means for it: rules, signatures, prices, approved templates.

Asked before anything is put into the outbox, in the same way for one message, for many and for greetings.
"""

from __future__ import annotations

from collections.abc import Collection

from baton_plugins.sms.rendering import Wording
from sqlalchemy import select

from platform_core.api import Invalid, Session, translator
from platform_core.api.messages import (
    OutboxAccount,
    Rules,
    account_signature,
    message_drivers,
    message_kind,
    price_of_part,
)

_ = translator("sms")


class Carriers:
    """For texts of one purpose: the accounts that are switched on, working or not, the first in line first."""

    def __init__(self, session: Session, purpose: str) -> None:
        self._session = session
        self.kind = message_kind(purpose)
        self._accounts = session.scalars(
            select(OutboxAccount)
            .where(OutboxAccount.channel == "sms", OutboxAccount.enabled.is_(True))
            .order_by(OutboxAccount.order, OutboxAccount.name)
        ).all()

    def route(self, *, mainland: bool) -> str:
        return f"{self.kind}.{'cn' if mainland else 'abroad'}"

    def first(self, *, mainland: bool = True) -> OutboxAccount | None:
        """None: nobody carries messages there."""
        route = self.route(mainland=mainland)
        return next((account for account in self._accounts if route in account.serves), None)

    def cents(self, *, mainland: bool) -> int:
        """Of a part."""
        return price_of_part(self._session, "sms", self.route(mainland=mainland))

    def wording(self, body: str) -> Wording:
        """Raises Invalid at the field `text` for one that nobody could get."""
        firsts = {mainland: self.first(mainland=mainland) for mainland in (True, False)}
        signed = {at: account_signature(self._session, found) if found else "" for at, found in firsts.items()}
        return Wording(body, self._rules(firsts[True]), is_marketing=self.kind == "marketing", signatures=signed)

    def approved(self, codes: Collection[str], *, mainland: bool) -> bool:
        """Whether the provider takes a text with codes of these drivers: some take approved templates only."""
        account = self.first(mainland=mainland)
        return account is None or not self._rules(account).needs_template or account.driver in codes

    def require_approved(self, codes: Collection[str], *, mainland: Collection[bool]) -> None:
        """Raises Invalid at the field `text` where no account takes it that carries messages there."""
        there = [at for at in mainland if self.first(mainland=at) is not None]
        if there and not any(self.approved(codes, mainland=at) for at in there):
            message = _("The provider takes approved templates only: choose one with its code, and leave it unchanged.")
            raise Invalid(message, fields={"text": message})

    def _rules(self, account: OutboxAccount | None) -> Rules:
        driver = message_drivers(self._session).get(account.driver) if account else None
        return driver.rules if driver else Rules()
