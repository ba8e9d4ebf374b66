"""The part of the façade for plugins that send messages, carry them, or ask whether somebody may be written to."""

from __future__ import annotations

from platform_core.contracts.messaging import (
    MAIL_SENDER,
    SMS_INBOUND,
    SMS_SENDER,
    SMS_TEXTS,
    Addressee,
    BadValue,
    Driver,
    DriverField,
    Filled,
    Gateway,
    Heard,
    Inbound,
    Letter,
    Mail,
    MailKind,
    NotSent,
    Outgoing,
    Parcel,
    RawCallback,
    Reader,
    Receipt,
    Rejected,
    Rules,
    Sms,
    Taken,
    TextWriter,
    driver_port,
)
from platform_core.customers.points import is_mail as is_mail_address
from platform_core.kernel.database import house_url
from platform_core.outbox.accounts import drivers as message_drivers
from platform_core.outbox.accounts import establish as establish_account
from platform_core.outbox.accounts import price_of as price_of_part
from platform_core.outbox.accounts import signature_of as account_signature
from platform_core.outbox.leaving_alone import leave_alone as message_leave_alone
from platform_core.outbox.leaving_alone import write_again as message_write_again
from platform_core.outbox.models import Account as OutboxAccount
from platform_core.outbox.models import Message as OutboxMessage
from platform_core.outbox.recipients import Reach
from platform_core.outbox.recipients import excluded as message_excluded
from platform_core.outbox.recipients import exclusion as message_exclusion
from platform_core.outbox.recipients import left_alone as message_left_alone
from platform_core.outbox.recipients import reaches as message_reaches
from platform_core.outbox.recipients import reaches_alone as message_reaches_alone
from platform_core.outbox.recipients import verdict_on as message_verdict
from platform_core.outbox.services import cancel as cancel_message
from platform_core.outbox.services import change_batch as change_messages
from platform_core.outbox.services import kind_of as message_kind
from platform_core.outbox.services import put as send_message
from platform_core.outbox.services import put_many as send_messages
from platform_core.outbox.services import text_of as message_text
from platform_core.outbox.wording import STATES as MESSAGE_STATES
from platform_core.outbox.wording import reason as message_reason
from platform_core.privacy.allowed import Recipient, Verdict
from platform_core.privacy.allowed import allowed as contact_allowed
from platform_core.privacy.allowed import allowed_among as contact_allowed_among
from platform_core.privacy.consent import opt_out as contact_opt_out
from platform_core.privacy.objecting import objection as contact_objection

__all__ = [
    "MAIL_SENDER",
    "MESSAGE_STATES",
    "SMS_INBOUND",
    "SMS_SENDER",
    "SMS_TEXTS",
    "Addressee",
    "BadValue",
    "Driver",
    "DriverField",
    "Filled",
    "Gateway",
    "Heard",
    "Inbound",
    "Letter",
    "Mail",
    "MailKind",
    "NotSent",
    "OutboxAccount",
    "OutboxMessage",
    "Outgoing",
    "Parcel",
    "RawCallback",
    "Reach",
    "Reader",
    "Receipt",
    "Recipient",
    "Rejected",
    "Rules",
    "Sms",
    "Taken",
    "TextWriter",
    "Verdict",
    "account_signature",
    "cancel_message",
    "change_messages",
    "contact_allowed",
    "contact_allowed_among",
    "contact_objection",
    "contact_opt_out",
    "driver_port",
    "establish_account",
    "house_url",
    "is_mail_address",
    "message_drivers",
    "message_excluded",
    "message_exclusion",
    "message_kind",
    "message_leave_alone",
    "message_left_alone",
    "message_reaches",
    "message_reaches_alone",
    "message_reason",
    "message_text",
    "message_verdict",
    "message_write_again",
    "price_of_part",
    "send_message",
    "send_messages",
]
