"""Words with a slip of the finger or of the input method: what to ask a search index for, and what resembles them.

An index finds beginnings of tokens. A word that is wrong in one place has a piece that is right, so its pieces are
asked for, and `resemblance` tells which of those that have one resemble the whole. Names that sound the same are found
by their pinyin. See kernel.searchtokens for the tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from platform_core.kernel.searchtokens import (
    QueryTerm,
    index_tokens,
    is_han,
    pieces_of,
    spoken,
    to_fts5,
    to_tsquery,
)

Alternatives = Sequence[Sequence[QueryTerm]]
"""Of one word: one of these is enough, and of it all terms."""

_LEAST: Final = 4
"""Letters of a latin word, of which three at a stretch are right."""
_LEAST_HAN: Final = 3
_STRETCH: Final = 3
_RARE: Final = 4
"""Letters, or characters of pairs, of a piece that few names have."""


def alternatives(query: str, *, rare: bool) -> list[Alternatives]:
    """For each word of a query, the pieces by which names are found that resemble it; [] when it is too short.

    `rare`: long pieces only, which few names have.
    """
    found: list[Alternatives] = []
    for word in pieces_of(query):
        pieces = _han(word) if is_han(word) else _latin(word)
        near = [terms for terms in pieces if not rare or sum(len(term.token) for term in terms) >= _RARE]
        if not near:
            return []
        found.append(near)
    return found


def _han(run: str) -> Iterator[list[QueryTerm]]:
    if sound := spoken(run) if len(run) > 1 else "":
        yield [QueryTerm(sound, prefix=True)]
    if len(run) < _LEAST_HAN:
        return
    pairs = list(pairwise(run))
    for at in range(len(run)):
        # Another character stands here, or stood here and was left out, or should not be here.
        kept = [QueryTerm(left + right) for place, (left, right) in enumerate(pairs) if place not in {at - 1, at}]
        if kept:
            yield kept
        yield [QueryTerm(left + right) for left, right in pairwise(run[:at] + run[at + 1 :])]


def _latin(word: str) -> Iterator[list[QueryTerm]]:
    if len(word) < _LEAST:
        return
    half = max((len(word) + 1) // 2, _STRETCH)
    yield [QueryTerm(word[:half], prefix=True)]
    # Pinyin is written from each syllable on, so what follows the slip begins a token, too.
    for start in range(1, len(word) - _STRETCH + 1):
        yield [QueryTerm(word[start:], prefix=True)]


def as_tsquery(words: Iterable[Alternatives]) -> str:
    """Text for a cast to `tsquery`."""
    return " & ".join(_either(words, " | ", to_tsquery))


def as_fts5(words: Iterable[Alternatives]) -> str:
    """Text for `MATCH`."""
    return " AND ".join(_either(words, " OR ", to_fts5))


def _either(words: Iterable[Alternatives], either: str, write: Callable[[list[list[QueryTerm]]], str]) -> Iterator[str]:
    for near in words:
        yield "(" + either.join(f"({write([[term] for term in terms])})" for terms in near) + ")"


def resemblance(query: str, *names: str) -> int | None:
    """Slips between the words of a query and names, 0 for those that sound the same; None: some word is in none."""
    tokens = index_tokens(*filter(None, names))
    total = 0
    for word in pieces_of(query):
        found = _slips_han(word, names, tokens) if is_han(word) else _slips(word, tokens)
        if found is None:
            return None
        total += found
    return total


def _slips_han(run: str, names: Iterable[str], tokens: Iterable[str]) -> int | None:
    sound = spoken(run)
    if sound and any(token.startswith(sound) for token in tokens):
        return 0
    if len(run) < _LEAST_HAN:
        return None
    return 1 if any(slips(name[at:], run, 1) is not None for name in names for at in range(len(name))) else None


def _slips(word: str, tokens: Iterable[str]) -> int | None:
    allowed = 1 if len(word) >= _LEAST else 0
    found = (slips(token, word, allowed) for token in tokens if token.isascii())
    return min((number for number in found if number is not None), default=None)


def slips(token: str, word: str, allowed: int) -> int | None:
    """Letters to change, leave out, put in or swap so that the token begins with the word; None: more than allowed."""
    at = 0
    while at < len(word) and token[at : at + 1] == word[at]:
        at += 1
    if at == len(word):
        return 0
    if not allowed:
        return None
    following = [(at + 1, at + 1), (at + 1, at), (at, at + 1)]
    if token[at : at + 2][::-1] == word[at : at + 2] != "":
        following.append((at + 2, at + 2))
    tried = (slips(token[its:], word[mine:], allowed - 1) for its, mine in following)
    fewest = min((number for number in tried if number is not None), default=None)
    return None if fewest is None else fewest + 1
