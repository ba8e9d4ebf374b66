"""How Chinese characters are read: pinyin without tones, the likeliest reading first."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

PERSON: Final = 4
"""Up to so many characters a run may be a person's name: every reading counts and the first may be a surname."""
UNREADABLE: Final = ("",)
"""The readings of a character without any."""
_MAX_READINGS: Final = 4
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


@lru_cache(maxsize=256)  # a name is sorted and found by them, one right after the other
def of_run(run: str) -> tuple[tuple[str, ...], ...]:
    """Readings of each character, the likeliest first; ("",) for a character without any known one."""
    readings = [of_character(char) for char in run]
    if len(run) > 1 and max(map(len, readings)) > 1:
        _prefer_phrases(run, readings)
    if len(run) <= PERSON:
        if (surname := _SURNAMES.get(run[0])) and run not in _dictionaries()[0]:
            readings[0] = _preferring(surname, of_character(run[0]))
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
    person = len(run) <= PERSON
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
def of_character(char: str) -> tuple[str, ...]:
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
        tuple(reading for reading in readings if reading.isascii() and reading.isalpha())[:_MAX_READINGS] or UNREADABLE
    )


def _plain(toned: str) -> str:
    decomposed = unicodedata.normalize("NFD", toned.replace("\u00ea", "e")).replace("u\u0308", "v")
    return "".join(char for char in decomposed if char.isascii())
