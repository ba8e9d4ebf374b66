"""One tokeniser for both search engines: tsvector with GIN on PostgreSQL, FTS5 on SQLite.

Names, companies and codes become tokens of Han characters, `a-z0-9` and `_`, so neither engine splits or stems them
again. Chinese gives bigrams and the last character; its pinyin and initials are written from every character on, in
all common readings; latin words and codes are kept whole and in parts. Phones and mails are no tokens: they are found
by keyed hashes, and `parse_query` sets them apart.

Han characters that SQLite's Unicode tables do not know, and letters of other scripts, are written `u` and five
hexadecimal digits, one unit per letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise, product
from typing import Final

from platform_core.kernel import phones

MAX_LATIN: Final = 24
"""Latin tokens and query terms are both cut here: long company names stay small and are still found."""
MAX_TEXT: Final = 200
MAX_QUERY: Final = 100
_WEAK_LETTERS: Final = 2
_WEAK_DIGITS: Final = 4
_MAX_READINGS: Final = 4
_UNREADABLE: Final = ("",)
_PERSON: Final = 4
"""Up to so many characters a run may be a person's name: every reading counts and the first may be a surname."""
_PERSON_COMBINATIONS: Final = 16
_COMPANY_COMBINATIONS: Final = 4
_PHRASE_LENGTHS: Final = (4, 3, 2)

# Surnames whose usual reading is not the character's first one.
_SURNAMES: Final = {
    "\u4e0d": "fou", "\u4e50": "yue", "\u4ec7": "qiu", "\u4f74": "nai", "\u533a": "ou", "\u535c": "bu",
    "\u5355": "shan", "\u53e5": "gou", "\u53ec": "shao", "\u5458": "yun", "\u6298": "she", "\u66fe": "zeng",
    "\u6734": "piao", "\u67e5": "zha", "\u6d17": "xian", "\u76d6": "ge", "\u796d": "zhai", "\u79cd": "chong",
    "\u79d8": "bi", "\u7e41": "po", "\u7f2a": "miao", "\u7fdf": "zhai", "\u80fd": "nai", "\u8584": "bo",
    "\u85cf": "zang", "\u8983": "qin", "\u89e3": "xie", "\u9002": "kuo", "\u90c7": "xun", "\u90fd": "du",
    "\u91cd": "chong", "\u961a": "kan", "\u9697": "wei", "\u9889": "xie", "\u9ed1": "he",
}  # fmt: skip
_COMPOUND_SURNAMES: Final = {
    "\u5c09\u8fdf": ("yu", "chi"), "\u5355\u4e8e": ("chan", "yu"), "\u4e07\u4fdf": ("mo", "qi"),
    "\u6fb9\u53f0": ("tan", "tai"), "\u5b50\u8f66": ("zi", "ju"),
}  # fmt: skip

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
_TAIL: Final = re.compile(r"(?<![a-z0-9_./-])(?:[0-9]{8}|[0-9]{4})(?![a-z0-9_./-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueryTerm:
    token: str
    prefix: bool = False

    @property
    def is_weak(self) -> bool:
        """The beginning of very many words: two letters, or four digits, which begin every code of a year."""
        token = self.token
        return self.prefix and token.isascii() and len(token) <= (_WEAK_DIGITS if token.isdigit() else _WEAK_LETTERS)


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
        if len(text) <= _PERSON:
            tokens |= _tokens_of_word(text)
        else:
            _add_text(tokens, text)
    return tokens


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
    """The group that finds `digits` as part of a code."""
    return [QueryTerm(digits[:MAX_LATIN], prefix=True)]


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
    return "".join(readings[0] for readings in _run_readings(run))[:MAX_LATIN]


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
        for readings, char in zip(_run_readings(run.group()), run.group(), strict=True):
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
        if _readings(char) != _UNREADABLE:
            stretch += char
        elif stretch:
            _add_pinyin(tokens, stretch)
            stretch = ""
    if stretch:
        _add_pinyin(tokens, stretch)


def _add_pinyin(tokens: set[str], run: str) -> None:
    """Full pinyin and initials of `run` from each of its characters to its end."""
    cap, starts = _PERSON_COMBINATIONS, len(run)
    if len(run) > _PERSON:
        cap = _COMPANY_COMBINATIONS
        if tail := _LEGAL_FORM.search(run):  # nobody looks for "Ltd."
            starts = tail.start()
    # Reversed twice: the first characters' readings, which people type, vary before the cap is reached.
    for variant in islice(product(*reversed(_run_readings(run))), cap):
        syllables = variant[::-1]
        full = "".join(syllables)
        initials = "".join([syllable[:1] for syllable in syllables])
        at = 0
        for number, syllable in enumerate(syllables[:starts]):
            tokens.add(full[at : at + MAX_LATIN])
            tokens.add(initials[number : number + MAX_LATIN])
            at += len(syllable)
    tokens.discard("")


@lru_cache(maxsize=256)  # a name is sorted and found by them, one right after the other
def _run_readings(run: str) -> tuple[tuple[str, ...], ...]:
    """Readings of each character, the likeliest first; ("",) for a character without any known one."""
    readings = [_readings(char) for char in run]
    if len(run) > 1 and max(map(len, readings)) > 1:
        _prefer_phrases(run, readings)
    if len(run) <= _PERSON:
        if (surname := _SURNAMES.get(run[0])) and run not in _dictionaries()[0]:
            readings[0] = _preferring(surname, _readings(run[0]))
        elif compound := _COMPOUND_SURNAMES.get(run[:2]):
            readings[:2] = [_preferring(part, readings[at]) for at, part in enumerate(compound)]
    return tuple(readings)


@cache
def _dictionaries() -> tuple[Mapping[str, list[list[str]]], Mapping[int, str]]:
    """Phrases -> their readings, and code points -> theirs.

    Loaded when they are first asked, or by `load`: they take longer than half of all other imports together.
    """
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT  # noqa: PLC0415

    return PHRASES_DICT, PINYIN_DICT


def load() -> None:
    """Have the dictionaries ready before somebody waits for them."""
    _dictionaries()


def _prefer_phrases(run: str, readings: list[tuple[str, ...]]) -> None:
    """Longest match from the left. In a long run the phrase decides, in a possible name it only comes first."""
    at, last = 0, len(run) - 1
    person = len(run) <= _PERSON
    phrases, _characters = _dictionaries()
    while at < last:
        for length in _PHRASE_LENGTHS:
            phrase = run[at : at + length]
            if phrase in phrases:
                for reading in _phrase_readings(phrase):
                    readings[at] = _preferring(reading, readings[at]) if person else (reading,)
                    at += 1
                break
        else:
            at += 1


def _preferring(first: str, readings: tuple[str, ...]) -> tuple[str, ...]:
    return (first, *(reading for reading in readings if reading != first))[:_MAX_READINGS]


@lru_cache(maxsize=16_384)
def _phrase_readings(phrase: str) -> tuple[str, ...]:
    return tuple(_plain(readings[0]) for readings in _dictionaries()[0][phrase])


@cache  # bounded by the number of characters that have a reading, and by `_letters` before it
def _readings(char: str) -> tuple[str, ...]:
    """The common readings without tones: lv also as lyu, the passport's way, and lve as lue."""
    readings: dict[str, None] = {}
    for toned in _dictionaries()[1].get(ord(char), "").split(",")[:_MAX_READINGS]:
        reading = _plain(toned)
        readings[reading] = None
        if reading in {"lv", "nv"}:
            readings[reading.replace("v", "yu")] = None
        elif "v" in reading:
            readings[reading.replace("v", "u")] = None
    return (
        tuple(reading for reading in readings if reading.isascii() and reading.isalpha())[:_MAX_READINGS] or _UNREADABLE
    )


def _plain(toned: str) -> str:
    decomposed = unicodedata.normalize("NFD", toned.replace("\u00ea", "e")).replace("u\u0308", "v")
    return "".join(char for char in decomposed if char.isascii())


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
        yield [whole] if term == whole else [whole, term]


def _run_groups(run: str) -> Iterator[list[QueryTerm]]:
    units = _units(run)
    if len(units) == 1:
        yield [QueryTerm(units[0], prefix=True)]
    for left, right in pairwise(units):
        yield [QueryTerm(left + right)]
