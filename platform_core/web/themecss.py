"""A theme's style sheet: custom properties where they may stand, and nothing else.

    @layer theme {
      :root { --brand: #2650a8; }
      :root[data-scheme="dark"] { --brand: #3f6fce; }
      @media (max-width: 760px) { :root { --ctl: 36px; } }
    }

A style sheet that could say more could hide a warning, cover a button or fetch something from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LIGHT, DARK = ":root", ':root[data-scheme="dark"]'
OWN = "--x-"
"""How the custom properties begin that a theme makes for itself."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[{};]|[^{};"']+|["']""")
_CONDITION = r"\((?:max-width|min-width|prefers-reduced-motion|pointer|prefers-contrast) ?: ?[a-z0-9.-]+\)"
_MEDIA = re.compile(rf"@media {_CONDITION}(?: and {_CONDITION})*")
_NAME = re.compile(r"--[a-z][a-z0-9-]*")
_FORBIDDEN = re.compile(r"(?:url|src|image-set|expression|attr)\s*\(|[@<\\]|!\s*important", re.IGNORECASE)


class CssError(ValueError):
    """What a theme's style sheet may not hold, and in which line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Declaration:
    """One custom property. `scheme` is "light" (which dark begins with) or "dark"; `media` its condition or ""."""

    name: str
    value: str
    scheme: str
    media: str
    line: int


def declarations(text: str) -> list[Declaration]:
    """Everything a style sheet sets, in its order. Raises CssError for whatever else stands in it."""
    found: list[Declaration] = []
    inside: list[str] = []
    for words, end, line in _pieces(text):
        if end == "{":
            _enter(words, inside, line)
            inside.append(words)
            continue
        if words:
            found.append(_declaration(words, inside, line))
        if end == "}":
            if not inside:
                raise CssError("a } too many", line)
            inside.pop()
    if inside:
        raise CssError(f"{inside[-1]} is not closed", text.count("\n") + 1)
    return found


def _pieces(text: str) -> Iterator[tuple[str, str, int]]:
    """(words, the `{`, `;` or `}` that ends them, line they begin in)."""
    plain = _COMMENT.sub(lambda match: " " + "\n" * match[0].count("\n"), text)
    words, line, begun = "", 1, 0
    for token in _TOKEN.findall(plain):
        if token in {"{", "}", ";"}:
            yield " ".join(words.split()), token, begun or line
            words, begun = "", 0
            continue
        if token in {'"', "'"}:
            raise CssError("a text without its end", line)
        if not begun and token.strip():
            begun = line + token[: len(token) - len(token.lstrip())].count("\n")
        words += token
        line += token.count("\n")
    if words.strip():
        raise CssError(f"{words.strip()[:40]!r} has no end", begun)


def _enter(words: str, inside: list[str], line: int) -> None:
    if not inside:
        if words != "@layer theme":
            raise CssError(f"{words[:60] or 'a block'} stands outside @layer theme", line)
    elif inside[-1] in {LIGHT, DARK}:
        raise CssError(f"{words[:60]} stands inside {inside[-1]}", line)
    elif words.startswith("@"):
        if len(inside) > 1 or not _MEDIA.fullmatch(words):
            raise CssError(f"{words[:60]} is none of the conditions a theme may set", line)
    elif words not in {LIGHT, DARK}:
        raise CssError(f"{words[:60]} is a rule of its own; a theme sets custom properties of :root only", line)


def _declaration(words: str, inside: list[str], line: int) -> Declaration:
    name, colon, value = (part.strip() for part in words.partition(":"))
    if not inside or inside[-1] not in {LIGHT, DARK}:
        raise CssError(f"{words[:60]} stands outside :root", line)
    if not colon or not _NAME.fullmatch(name):
        raise CssError(f"{name[:60]} is no custom property", line)
    if not value:
        raise CssError(f"{name} has no value", line)
    forbidden = _FORBIDDEN.search(value)
    if forbidden:
        raise CssError(f"{name} may not hold {forbidden[0].strip()}", line)
    media = next((part for part in inside if part.startswith("@media")), "")
    return Declaration(name, value, "dark" if inside[-1] == DARK else "light", media, line)
