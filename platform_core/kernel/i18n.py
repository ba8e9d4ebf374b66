"""Languages: English msgids, one gettext domain per owner, catalogues read straight from their .po files.

A translator belongs to its owner's domain: `_ = translator("customers")`, then `_("Name")`, `_.ngettext(...)`,
`_.pgettext(...)` and, for labels made at import time, `_.lazy(...)`. A message missing from the owner's domain is
looked up in the shared one ("web"), then shown in English.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeAlias

from babel.messages.pofile import read_po

LANGUAGES = {"zh": "zh-CN", "en": "en"}
"""Language code -> HTML lang. The first is the default."""
SHARED_DOMAIN = "web"
_CONTEXT = "\x04"

_language: ContextVar[str] = ContextVar("language", default="zh")
_Catalogue: TypeAlias = dict[str, tuple[str, ...]]
_catalogues: dict[tuple[str, str], _Catalogue] = {}
_merged: dict[tuple[str, str], _Catalogue] = {}
"""A domain's messages over the shared ones, merged when they are first asked for."""


def language() -> str:
    return _language.get()


class speaking:  # noqa: N801  reads as a statement: `with speaking("en"):`
    """Use a language within a block."""

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else next(iter(LANGUAGES))

    def __enter__(self) -> None:
        self._token = _language.set(self.code)

    def __exit__(self, *exc: object) -> None:
        _language.reset(self._token)


def set_language(code: str) -> None:
    """For the rest of this context (one request, one job)."""
    _language.set(code if code in LANGUAGES else next(iter(LANGUAGES)))


def load_catalogue(domain: str, locale_dir: Path) -> None:
    """Read `<locale_dir>/zh_Hans.po` as the Chinese of `domain`. A missing file means "has no texts"."""
    path = locale_dir / "zh_Hans.po"
    messages: dict[str, tuple[str, ...]] = {}
    if path.exists():
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans"):
                if not message.id:
                    continue
                msgid = message.id if isinstance(message.id, str) else message.id[0]
                strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
                if all(strings):
                    messages[f"{message.context}{_CONTEXT}{msgid}" if message.context else msgid] = strings
    _catalogues["zh", domain] = messages
    _merged.clear()


def _lookup(domain: str, key: str) -> tuple[str, ...] | None:
    where = (_language.get(), domain)
    known = _merged.get(where)
    if known is None:
        known = {**_catalogues.get((where[0], SHARED_DOMAIN), {}), **_catalogues.get(where, {})}
        _merged[where] = known
    return known.get(key)


class Lazy:
    """A message translated each time it is shown; safe to make at import time."""

    __slots__ = ("_arguments", "_method")

    def __init__(self, method: Any, *arguments: str) -> None:
        self._method = method
        self._arguments = arguments

    def __str__(self) -> str:
        return str(self._method(*self._arguments))

    def __repr__(self) -> str:
        return f"Lazy({self._arguments!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and other._arguments == self._arguments

    def __hash__(self) -> int:
        return hash(self._arguments)


class Translator:
    """The gettext functions of one domain."""

    __slots__ = ("domain",)

    def __init__(self, domain: str) -> None:
        self.domain = domain

    def text(self, message: str, context: str = "") -> str:
        """As the catalogue has it: values are not filled in."""
        found = _lookup(self.domain, f"{context}{_CONTEXT}{message}" if context else message)
        return found[0] if found else message

    def text_for(self, number: int, singular: str, plural: str, context: str = "") -> str:
        """The same for a number of things."""
        found = _lookup(self.domain, f"{context}{_CONTEXT}{singular}" if context else singular)
        one = number == 1
        return found[min(len(found) - 1, not one)] if found else singular if one else plural

    def __call__(self, message: str, **values: object) -> str:
        text = self.text(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, **values: object) -> str:
        return self.text_for(number, singular, plural) % {"num": number, **values}

    def pgettext(self, context: str, message: str, **values: object) -> str:
        text = self.text(message, context)
        return text % values if values else text

    def lazy(self, message: str) -> str:
        """A str as far as types are concerned: whoever shows it calls `str()` on it, as templates do."""
        return Lazy(self.__call__, message)  # type: ignore[return-value]

    def lazy_pgettext(self, context: str, message: str) -> str:
        return Lazy(self.pgettext, context, message)  # type: ignore[return-value]


def translator(domain: str) -> Translator:
    return Translator(domain)


def noop(message: str) -> str:
    """Marks a msgid for extraction where it is only stored."""
    return message
