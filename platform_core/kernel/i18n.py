"""Languages: English msgids, one gettext domain per owner, catalogues read straight from their .po files.

A translator belongs to its owner's domain: `_ = translator("customers")`, then `_("Name")`, `_.ngettext(...)`,
`_.pgettext(...)` and, for labels made at import time, `_.lazy(...)`. A message missing from the owner's domain is
looked up in the shared one ("web"), then shown in English.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES = {"zh": "zh-CN", "en": "en"}
"""Language code -> HTML lang. The first is the default."""
SHARED_DOMAIN = "web"
_CONTEXT = "\x04"

_language: ContextVar[str] = ContextVar("language", default="zh")
_catalogues: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}


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


def _lookup(domain: str, key: str) -> tuple[str, ...] | None:
    code = _language.get()
    found = _catalogues.get((code, domain), {}).get(key)
    if found is None and domain != SHARED_DOMAIN:
        found = _catalogues.get((code, SHARED_DOMAIN), {}).get(key)
    return found


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

    def __call__(self, message: str, **values: object) -> str:
        found = _lookup(self.domain, message)
        text = found[0] if found else message
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, **values: object) -> str:
        found = _lookup(self.domain, singular)
        text = (found[min(len(found) - 1, number != 1)]) if found else (singular if number == 1 else plural)
        return text % {"num": number, **values}

    def pgettext(self, context: str, message: str, **values: object) -> str:
        found = _lookup(self.domain, f"{context}{_CONTEXT}{message}")
        text = found[0] if found else message
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
