"""A mail as it goes over the line (RFC 5322, 2047; RFC 6047 for invitations), all of it in ASCII."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from platform_core.api import now
from platform_core.api.messages import Letter, Parcel

_POLICY = SMTP.clone(cte_type="7bit")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


def one_line(text: str, longest: int = 150) -> str:
    """For a header: what would end it becomes a space."""
    return _BREAKS.sub(" ", text).strip()[:longest]


def compose(parcel: Parcel, letter: Letter, sender: Address) -> bytes:
    """Its Message-ID is our reference, the same in every attempt. Raises ValueError for what fits in no header."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = Address(letter.name, addr_spec=parcel.address)
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{parcel.ref}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content(parcel.text)
    if letter.calendar:
        message.add_alternative(letter.calendar, subtype="calendar", params={"method": letter.method})
    return message.as_bytes()
