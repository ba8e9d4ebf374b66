"""Search words that name a person by number: they must not lie in URLs, histories and proxy logs.

Such a search is put into the URL encrypted and for its own user only, so that its pages and orders stay plain links.
"""

from __future__ import annotations

import base64
import re
import unicodedata

from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel import phones
from platform_core.kernel.database import vault_of
from platform_core.kernel.searchtokens import parse_query

_LONG_NUMBER = re.compile(r"(?:[0-9][ ().-]?){7,}")


def is_private(text: str) -> bool:
    """A phone number, the tail of one, a mail address, or any long number."""
    found = parse_query(text)
    return bool(found.digits or found.mail or _LONG_NUMBER.search(phones.half_width(text)))


def masked(words: str) -> str:
    """The words as the audit may keep them."""
    query = parse_query(words)
    if query.mail:
        mail = re.compile(re.escape(query.mail), re.IGNORECASE)
        words = mail.sub(phones.mask_mail(query.mail), unicodedata.normalize("NFKC", words))
    if not query.digits:
        return words
    shown = phones.mask(query.digits) if query.digits.startswith("+") else f"****{query.digits[-4:]}"
    rest = "".join(" " if char in "0123456789+-()." else char for char in phones.half_width(words))
    return f"{' '.join(rest.split())} {shown}".strip()


def seal(session: Session, actor: Actor, text: str) -> str:
    blob = vault_of(session).encrypt_address(f"{actor.user_id.hex}:{text}")
    return base64.urlsafe_b64encode(blob).decode().rstrip("=")


def unseal(session: Session, actor: Actor, token: str) -> str:
    """The words, or "" for a token of somebody else or of none of ours."""
    try:
        blob = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        owner, _colon, text = vault_of(session).decrypt(blob).partition(":")
    except (ValueError, KeyError, InvalidTag):
        return ""
    return text if owner == actor.user_id.hex else ""
