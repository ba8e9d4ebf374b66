"""One tokeniser for both search engines: tsvector with GIN on PostgreSQL, FTS5 on SQLite.

Names, companies and codes become tokens of Han characters, `a-z0-9` and `_`, so neither engine splits or stems them
again. Chinese gives bigrams and the last character; its pinyin and initials are written from every character on, in
all common readings; latin words and codes are kept whole and in parts. Phones and mails are no tokens: they are found
by keyed hashes, and `parse_query` sets them apart. Only what every mask of a number shows at its front is one, `_138`.

Han characters that SQLite's Unicode tables do not know, and letters of other scripts, are written `u` and five
hexadecimal digits, one unit per letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise, product
from typing import Final

from platform_core.kernel import phones, pinyin

MAX_LATIN: Final = 24
"""Latin tokens and query terms are both cut here: long company names stay small and are still found."""
MAX_TEXT: Final = 200
MAX_QUERY: Final = 100
_WEAK_LETTERS: Final = 2
_WEAK_DIGITS: Final = 4
_PERSON_COMBINATIONS: Final = 16
_COMPANY_COMBINATIONS: Final = 4

# "limited company", "joint-stock" and "limited liability" before it
_LEGAL_FORM: Final = re.compile("(?:\u80a1\u4efd|\u8d23\u4efb)?\u6709\u9650(?:\u8d23\u4efb)?\u516c\u53f8$")
_PLAIN_HAN: Final = re.compile("[\u3007\u3400-\u4db5\u4e00-\u9fcb]+")
_WORD: Final = re.compile(r"[a-z0-9]+(?:[-_./&'\u2019]+[a-z0-9]+)*")
_WORD_PART: Final = re.compile(r"[a-z0-9]+")
_CODE_PART: Final = re.compile(r"[a-z]+|[0-9]+")
_QUERY_PIECE: Final = re.compile(rf"{_WORD.pattern}|[^\sa-z0-9]+")
_TOKEN: Final = re.compile("[\u3007\u3400-\u4db5\u4e00-\u9fcba-z0-9_]+")
_MAIL: Final = re.compile(r"[^\s@,;<>\"']+@[^\s@,;<>\"']+\.[a-z]{2,}", re.IGNORECASE)
_MASKED: Final = re.compile(r"\+?[0-9]{2,6}\*{2,}([0-9]{4})(?![0-9])")
_PHONE: Final = re.compile(r"(?<![\w-])\+?[0-9(][0-9 ().-]{6,24}[0-9](?![\w-])")
_FRONT: Final = re.compile("1[3-9][0-9]|[48]00|0[1-9][0-9]{1,2}")
"""How mobile numbers, those without an area and area codes begin."""
_TAIL: Final = re.compile(r"(?<![a-z0-9_./-])(?:[0-9]{8}|[0-9]{4})(?![a-z0-9_./-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueryTerm:
    token: str
    prefix: bool = False

    @property
    def is_weak(self) -> bool:
        """The beginning of very many words: two letters, or four digits, which begin every code of a year."""
        token = self.token
        if not self.prefix or not token.isascii() or _FRONT.fullmatch(token):
            return False
        return len(token) <= (_WEAK_DIGITS if token.isdigit() else _WEAK_LETTERS)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a person typed: all `groups` must match, one term of each is enough.

    digits: a full number as E.164 (with `+`), or the last eight or the last four digits; None without. Four and eight
        digits may also be part of a code: ask for (hash of digits) OR `code_group(digits)`.
    mail: a full address in lower case; None without.
    """

    groups: list[list[QueryTerm]]
    digits: str | None = None
    mail: str | None = None


def index_tokens(*texts: str) -> set[str]:
    """All tokens under which names, companies, contact names or codes are found. Each text stands for itself."""
    tokens: set[str] = set()
    for text in texts:
        if len(text) <= pinyin.PERSON:
            tokens |= _tokens_of_word(text)
        else:
            _add_text(tokens, text)
    return tokens


def number_tokens(masks: Iterable[str]) -> set[str]:
    """The tokens under which numbers are found by their fronts."""
    return {f"_{front}" for mask in masks if (front := phones.front(mask))}


@lru_cache(maxsize=2_048)
def _tokens_of_word(text: str) -> frozenset[str]:
    """Cities, surnames with the usual names: the same ones come again and again."""
    tokens: set[str] = set()
    _add_text(tokens, text)
    return frozenset(tokens)


def _add_text(tokens: set[str], text: str) -> None:
    plain = text if _PLAIN_HAN.fullmatch(text) else _fold(text)
    if plain is not text:
        for word in _WORD.findall(plain):
            tokens.update(_word_tokens(word))
        plain = _letters(_WORD.sub(" ", plain))
    if plain:
        _add_run(tokens, plain)


def query_groups(query: str) -> list[list[QueryTerm]]:
    """The conditions of a query, digits included: AND of groups, OR inside a group."""
    groups: dict[tuple[QueryTerm, ...], None] = {}
    for piece in _QUERY_PIECE.findall(_fold(query[:MAX_QUERY])):
        for group in _word_groups(piece) if _WORD.fullmatch(piece) else _run_groups(_letters(piece)):
            groups[tuple(group)] = None
    return [list(group) for group in groups]


def is_han(text: str) -> bool:
    """Whether it is all Han characters, and one at least."""
    return bool(_PLAIN_HAN.fullmatch(text))


def pieces_of(query: str) -> list[str]:
    """The words of a query: latin ones in one piece, runs of other letters without what is no letter."""
    words = _QUERY_PIECE.findall(_fold(query[:MAX_QUERY]))
    return [piece for word in words if (piece := _joined(word) if _WORD.fullmatch(word) else _letters(word))]


def weak_as_whole(groups: Iterable[Iterable[QueryTerm]]) -> list[list[QueryTerm]]:
    """The same conditions, but weak beginnings have to be whole words, or all initials of one."""
    return [[QueryTerm(term.token) if term.is_weak else term for term in group] for group in groups]


def code_group(digits: str) -> list[QueryTerm]:
    """The group that finds `digits` as part of a code, or as an area code."""
    return _with_front(QueryTerm(digits[:MAX_LATIN], prefix=True))


def parse_query(query: str) -> SearchQuery:
    """Sets a phone number, or its tail, and a mail address apart from what is searched by tokens."""
    rest = unicodedata.normalize("NFKC", query[:MAX_QUERY])
    mail = digits = None
    if found := _MAIL.search(rest):
        mail = found.group().lower()
        rest = _without(rest, found)
    if found := _MASKED.search(rest):
        digits = found.group(1)
        rest = _without(rest, found)
    elif (found := _PHONE.search(rest)) and (number := phones.normalise(found.group())):
        digits = number.e164
        rest = _without(rest, found)
    elif found := _TAIL.search(rest):
        digits = found.group()
        rest = _without(rest, found)
    return SearchQuery(query_groups(rest), digits, mail)


def to_tsquery(groups: Iterable[Iterable[QueryTerm]]) -> str:
    """Text for a cast to `tsquery`; "" when there is nothing to search for."""
    return " & ".join(
        "(" + " | ".join(f"'{_checked(term.token)}'{':*' if term.prefix else ''}" for term in group) + ")"
        for group in groups
    )


def to_fts5(groups: Iterable[Iterable[QueryTerm]]) -> str:
    """Text for `MATCH`; "" when there is nothing to search for."""
    return " AND ".join(
        "(" + " OR ".join(f'"{_checked(term.token)}"{"*" if term.prefix else ""}' for term in group) + ")"
        for group in groups
    )


def spoken(name: str) -> str:
    """The token by which a name is found that sounds the same: its likeliest pinyin. "" unless it is all Han."""
    run = _letters(_fold(name))
    if not _PLAIN_HAN.fullmatch(run):
        return ""
    return "".join(readings[0] for readings in pinyin.of_run(run))[:MAX_LATIN]


def without_legal_form(name: str) -> str:
    """A company's name without "limited company" and the like at its end."""
    return _LEGAL_FORM.sub("", name) or name


def sort_key(name: str) -> str:
    """Sorts by pinyin, then by character, in plain code point order; latin letters fall in between.

    At most `MAX_TEXT` characters of the name count.
    """
    key: list[str] = []
    name = name[:MAX_TEXT]
    folded = name if _PLAIN_HAN.fullmatch(name) else _fold(name)
    start = 0
    for run in _PLAIN_HAN.finditer(folded):
        key.append(folded[start : run.start()])
        # A space sorts before all letters: xi'an comes before xian.
        for readings, char in zip(pinyin.of_run(run.group()), run.group(), strict=True):
            key.append(f" {readings[0]} {char} ")
        start = run.end()
    key.append(folded[start:])
    return " ".join("".join(key).split())


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"not a search token: {token!r}")
    return token


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _fold(text: str) -> str:
    """NFKC, lower case, without accents."""
    folded = unicodedata.normalize("NFKC", text[:MAX_TEXT]).casefold()
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return unicodedata.normalize("NFKC", "".join(char for char in decomposed if not unicodedata.combining(char)))


def _letters(text: str) -> str:
    """Drops what is no letter, so that brackets, dots and spaces inside a Chinese name do not matter."""
    return "".join(char for char in text if (char.isalpha() and char not in _ASCII_LETTERS) or char == "\u3007")


_ASCII_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz")


def _units(run: str) -> str | list[str]:
    if _PLAIN_HAN.fullmatch(run):
        return run
    return [char if _PLAIN_HAN.fullmatch(char) else f"u{ord(char):05x}" for char in run]


def _add_run(tokens: set[str], run: str) -> None:
    units = _units(run)
    tokens.update([left + right for left, right in pairwise(units)])
    tokens.add(units[-1])
    if units is run:
        _add_pinyin(tokens, run)
        return
    stretch = ""
    for char in run:
        if pinyin.of_character(char) != pinyin.UNREADABLE:
            stretch += char
        elif stretch:
            _add_pinyin(tokens, stretch)
            stretch = ""
    if stretch:
        _add_pinyin(tokens, stretch)


def _add_pinyin(tokens: set[str], run: str) -> None:
    """Full pinyin and initials of `run` from each of its characters to its end."""
    cap, starts = _PERSON_COMBINATIONS, len(run)
    if len(run) > pinyin.PERSON:
        cap = _COMPANY_COMBINATIONS
        if tail := _LEGAL_FORM.search(run):  # nobody looks for "Ltd."
            starts = tail.start()
    # Reversed twice: the first characters' readings, which people type, vary before the cap is reached.
    for variant in islice(product(*reversed(pinyin.of_run(run))), cap):
        syllables = variant[::-1]
        full = "".join(syllables)
        initials = "".join([syllable[:1] for syllable in syllables])
        at = 0
        for number, syllable in enumerate(syllables[:starts]):
            tokens.add(full[at : at + MAX_LATIN])
            tokens.add(initials[number : number + MAX_LATIN])
            at += len(syllable)
    tokens.discard("")


def _word_tokens(word: str) -> Iterator[str]:
    yield _joined(word)
    for part in _WORD_PART.findall(word):
        yield part[:MAX_LATIN]
        for piece in _CODE_PART.findall(part):
            yield piece[:MAX_LATIN]


def _joined(word: str) -> str:
    return "".join(_WORD_PART.findall(word))[:MAX_LATIN]


def _word_groups(word: str) -> Iterator[list[QueryTerm]]:
    """`coca-cola` finds cocacola as well as coca and cola: (whole or coca) and (whole or cola)."""
    whole = QueryTerm(_joined(word), prefix=True)
    for part in _WORD_PART.findall(word):
        term = QueryTerm(part[:MAX_LATIN], prefix=True)
        yield _with_front(whole) if term == whole else [whole, term]


def _with_front(term: QueryTerm) -> list[QueryTerm]:
    return [term, QueryTerm(f"_{term.token}")] if _FRONT.fullmatch(term.token) else [term]


def _run_groups(run: str) -> Iterator[list[QueryTerm]]:
    units = _units(run)
    if len(units) == 1:
        yield [QueryTerm(units[0], prefix=True)]
    for left, right in pairwise(units):
        yield [QueryTerm(left + right)]
