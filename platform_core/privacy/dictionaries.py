"""Channels, purposes and sources of consent. Admins add to them; a purpose says whether it needs a yes first."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platform_core.contracts.plugin import Dictionary, DictionaryEntry
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator

_ = translator("privacy")
CHANNELS = "privacy.channels"
PURPOSES = "privacy.purposes"
SOURCES = "privacy.sources"
_FREE = {"consent": False}
_CHANNELS = {
    "sms": _.lazy("Short message"),
    "phone": _.lazy("Telephone"),
    "email": _.lazy("Mail"),
    "wechat": _.lazy("WeChat"),
    "qq": _.lazy("QQ"),
    "fax": _.lazy("Fax"),
    "post": _.lazy("Letter"),
}
_PURPOSES = {
    "marketing": (_.lazy("Offers and advertising"), True),
    "greeting": (_.lazy("Greetings for birthdays and holidays"), True),
    "survey": (_.lazy("Surveys"), True),
    "service": (_.lazy("What a contract or an enquiry needs"), False),
}
_SOURCES = {
    "form": _.lazy("Signed form"),
    "web": _.lazy("Web page"),
    "in_person": _.lazy("In person"),
    "phone": _.lazy("By telephone"),
    "reply": _.lazy("Answer to a message"),
    "letter": _.lazy("Letter or mail"),
    "event": _.lazy("At an event"),
    "import": _.lazy("Taken over from another system"),
}
_APART = _.lazy("What a person has agreed to must stay as it was said.")


def declared() -> list[Dictionary]:
    purposes = tuple(
        DictionaryEntry(code, label, order=place * 10, data={} if needed else _FREE)
        for place, (code, (label, needed)) in enumerate(_PURPOSES.items(), 1)
    )
    return [
        Dictionary(PURPOSES, _.lazy("Purposes of contact"), purposes, _APART),
        Dictionary.plain(CHANNELS, _.lazy("Channels"), _CHANNELS, apart=_APART),
        Dictionary.plain(SOURCES, _.lazy("How persons told us"), _SOURCES, apart=_APART),
    ]


def needs_consent(session: Session, purpose: str) -> bool:
    """A purpose that nobody knows needs a yes, as does every one that an admin has added."""
    entry = dictionaries.entries(session, PURPOSES).get(purpose)
    return entry is None or bool(entry.data.get("consent", True))
