"""Messages that leave the house: what plugins hand to the outbox, and what the drivers of gateways answer.

A driver is offered through `baton_ports` under `driver_port("sms.kannel")`; the outbox finds those of a channel by the
service's type. Everything about a network stands behind `Gateway`; whether a message is sent, sent again or looked
into by people is the outbox's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from platform_core.contracts.identity import Actor
from platform_core.contracts.ports import Port

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, ...] = ("interactive", "bulk")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail has beside its text. No control characters: a line break in a subject would begin another header."""

    subject: str
    name: str = ""
    """Of the recipient"""
    reply_to: str = ""
    calendar: str = ""
    """iCalendar, for the recipient's program to take in"""
    method: str = ""
    """Of the calendar: REQUEST or CANCEL"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a gateway gets to send. `ref` is ours, the same in every attempt: by it the message is found again."""

    ref: UUID
    address: str
    """E.164 for telephones"""
    text: str
    """Rendered, as the recipient reads it"""
    template: str = ""
    """The provider's code of an approved template; empty where it takes free text"""
    variables: Mapping[str, str] = field(default_factory=dict)
    """In the template's order"""
    signature: str = ""
    callback_url: str = ""
    """Where reports about this message go; empty while the house cannot be reached from outside"""
    letter: Letter | None = None
    """Of a mail"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway has the message."""

    provider_id: str = ""
    parts: int = 0
    """0: not told"""


class NotSent(Exception):
    """It certainly did not leave: refused connection, throttled, the provider busy. It is tried again later.

    `account_down`: nothing of this account gets through at present; others may take over.
    """

    def __init__(self, reason: str, *, retry_after: float = 0, account_down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.account_down = account_down


class Rejected(Exception):
    """The gateway says no, and will say so again. `code` is the provider's, shown as it is.

    `opted_out`: because the recipient does not want it.
    """

    def __init__(self, code: str, text: str = "", *, opted_out: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.opted_out = opted_out


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report about a message, which is named by our `ref` or by the provider's id."""

    state: Literal["sent", "delivered", "undelivered"]
    ref: UUID | None = None
    provider_id: str = ""
    code: str = ""
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Inbound:
    """What somebody wrote back. `key` is the same when a provider tells it twice."""

    key: str
    address: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as the outbox hands it on: whose it is, and whether it was an opt-out, which then counts already."""

    key: str
    text: str
    at: datetime
    mask: str
    customer_id: UUID | None
    contact_id: UUID | None
    answers_id: UUID | None
    """The last message that was sent to this number"""
    opted_out: bool


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A request of a provider as it came; kept before anybody looks into it."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


class Gateway(Protocol):
    """A provider's account, ready to be used. May be called by several threads at once; sets limits of time itself."""

    def send(self, parcel: Parcel) -> Taken:
        """Raises NotSent or Rejected; every other exception means that nobody knows."""

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        """The message of this reference at the provider, None when it certainly is not there.

        Raises NotImplementedError where the provider cannot be asked, anything else when it does not answer.
        """

    def health(self) -> str:
        """Asks the provider whether account and keys are good, without sending. Returns what it says; raises."""

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        """What a callback says. Raises ValueError for one that is not the provider's."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DriverField:
    """One thing an administrator fills in for an account."""

    name: str
    label: str
    default: str = ""
    secret: bool = False
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) pairs, where only these are possible"""


class BadValue(ValueError):
    """What somebody filled in for an account cannot be right; told at that field, in their language."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Rules:
    """What a provider and its country allow; numbers of its documents, not of ours."""

    longest: int = 500
    """Characters of a text, signature included"""
    window: tuple[int, int] = (9, 20)
    """Hours of the recipient's day in which marketing may arrive: from, until"""
    per_day: int = 10
    """Messages to one number within 24 hours"""
    forbidden: str = ""
    """Characters that the provider refuses"""
    marketing_ends_with: str = ""
    """How a marketing text has to end"""
    needs_template: bool = False
    marketing_variables: bool = True
    opt_out_words: tuple[str, ...] = ("R", "T", "TD", "N")


@dataclass(frozen=True, slots=True)
class Driver:
    """A kind of gateway, named `<owner>.<kind>`."""

    name: str
    channel: str
    title: str
    fields: tuple[DriverField, ...]
    open: Callable[[Mapping[str, str]], Gateway]
    """Values of the fields -> gateway; raises ValueError when they cannot be right, BadValue where one is to blame."""
    rules: Rules = field(default_factory=Rules)
    answer: tuple[str, str] = ("text/plain", "OK")
    """Media type and body with which callbacks are thanked for"""
    batch: int = 20
    """Claimed at once. 1 where nobody can be asked afterwards: a worker that dies leaves so many in doubt."""


def driver_port(name: str) -> Port[Driver | None]:
    return Port(name, null=None)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the outbox, to `address` or to the contact point `point_id` of the customer, which stays unread.

    `key` says what it means, not when it was asked for: `plan:<id>:<when>`, `greet:<rule>:<person>:<year>`. The second
    message with a key is none.
    """

    key: str
    channel: str
    owner: str
    text: str
    address: str = ""
    point_id: UUID | None = None
    purpose: str = "service"
    """A code of `privacy.purposes`, or `test`: to oneself, about nobody"""
    lane: Lane = "interactive"
    occasion: str = ""
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    """The contact of the customer whose number it is, where it is one's"""
    batch_id: UUID | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    templates: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    """Driver -> its provider's code of the template, and the variables"""
    parts: int = 0
    zone: str = ""
    """IANA name of the recipient's zone; empty is the organisation's"""
    account: str = ""
    """Only through this account; empty: through whichever serves"""
    letter: Letter | None = None
    """Of a mail"""


@dataclass(frozen=True, slots=True)
class Sms:
    """A text for a mobile of a customer, as other plugins ask for it."""

    key: str
    customer_id: UUID
    point_id: UUID
    text: str
    purpose: str = "service"
    occasion: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None


class SmsSender(Protocol):
    def __call__(self, session: Any, actor: Actor, sms: Sms) -> UUID | None:
        """Put it into the outbox, in the caller's transaction. None: there was one with this key, or no SMS at all."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a template is filled for. `kind` of the customer; `mainland`: whether the number is a Chinese one."""

    name: str
    kind: str
    contact: str
    mainland: bool = True


@dataclass(frozen=True, slots=True)
class Filled:
    """A text as it arrives, with what `Outgoing` takes along."""

    text: str
    parts: int
    templates: Mapping[str, tuple[str, Mapping[str, str]]]


TextWriter = Callable[[Addressee], "Filled | str"]
"""A text, or why there is none: `no_text`, `empty` (nothing to put in), `text` (the provider refuses)."""


class SmsTexts(Protocol):
    def choices(self, session: Any, purpose: str) -> list[tuple[str, str]]:
        """(id, name) of the templates for a purpose that are in use."""

    def writer(self, session: Any, template_id: UUID, sender: str) -> TextWriter:
        """By the renderer that sends, for many one after the other."""


MailKind = Literal["reminder", "digest", "invitation"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A colleague whom mail reaches."""

    user_id: UUID
    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to a colleague, as other plugins ask for it, in the reader's language. It names no customer by itself."""

    key: str
    to: Reader
    subject: str
    text: str
    path: str = ""
    """Of the page that it is about; a link follows the text"""
    reply_to: str = ""
    """Address of a colleague who gets answers"""
    calendar: str = ""
    method: str = ""
    expires_at: datetime | None = None


class MailSender(Protocol):
    def readers(self, session: Any, user_ids: Collection[UUID], kind: MailKind) -> dict[UUID, Reader]:
        """Those of them whom a mail of this kind reaches now: there is an account, an address, and they want it."""

    def address(self, session: Any, user_id: UUID) -> str:
        """Where mail to a colleague goes, whether they want any or not; "" for nowhere."""

    def send(self, session: Any, mails: Sequence[Mail]) -> int:
        """Put them into the outbox, in the caller's transaction, each `key` once. Returns how many were new."""


class _NobodyMails:
    def readers(self, session: Any, user_ids: Collection[UUID], kind: MailKind) -> dict[UUID, Reader]:
        return {}

    def address(self, session: Any, user_id: UUID) -> str:
        return ""

    def send(self, session: Any, mails: Sequence[Mail]) -> int:
        return 0


class InboundHandler(Protocol):
    def __call__(self, session: Any, account_id: UUID, answer: Heard) -> None:
        """Take what somebody wrote back; may be called twice with the same `key`."""


def _nobody_sends(session: Any, actor: Actor, sms: Sms) -> UUID | None:
    return None


def _nobody_reads(session: Any, account_id: UUID, answer: Heard) -> None:
    return None


SMS_TEXTS: Port[SmsTexts | None] = Port("sms.texts", null=None)
SMS_SENDER: Port[SmsSender] = Port("sms.sender", null=_nobody_sends)
MAIL_SENDER: Port[MailSender] = Port("mail.sender", null=_NobodyMails())
SMS_INBOUND: Port[InboundHandler] = Port("sms.inbound", null=_nobody_reads)
INBOUND: Mapping[str, Port[InboundHandler]] = {"sms": SMS_INBOUND}
"""Channel -> who takes what comes back"""
