"""Passwords: argon2id with OWASP's memory-thrifty profile, a policy without composition rules, and a bound on memory.

Sources: OWASP Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1), ASVS 5.0 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from platform_core.kernel.errors import TooManyRequests
from platform_core.kernel.i18n import translator

_ = translator("users")
MINIMUM = 10
MAXIMUM = 128
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each hash takes 19 MiB and a core; a flood of sign-ins must not take them all.
_at_once = threading.BoundedSemaphore(2)
_PATIENCE_SECONDS = 5
_WORDS = frozenset(
    """
    abc access account admin administrator angel apple asd baby balance banana baseball baton batman beijing bitch
    bailey butterfly canada changeme charlie cheese chelsea china chocolate coffee company computer cookie crm customer
    daniel default demo diamond dragon eagle ferrari flower football freedom friend fuckyou games george ginger google
    guest hallo happy hello hockey hunter iloveyou internet jennifer jessica jordan killer king letmein liverpool login
    love lovely manager master matrix michael michelle monkey mustang mypassword nicole ninja office orange pass passw
    passwd password passwort phoenix pokemon princess private purple qazwsx qwer qwert qwerty root samsung secret
    security server service shadow shanghai shenzhen silver soccer spring star starwars startrek summer sunshine super
    superman support system temp temporary test thomas tiger trustno user welcome whatever windows winter woaini wang
    zhang wangyi xiaoming zaq zxc zxcvb
    """.split()  # noqa: SIM905  a list literal of these would be a page long
)
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_LOOK_ALIKES = str.maketrans("013457@$!8", "oleastasib")


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=_PATIENCE_SECONDS):
        raise TooManyRequests(_("Many people are signing in just now. Please try again in a moment."), retry_after=5)
    try:
        yield
    finally:
        _at_once.release()


def hash_password(password: str) -> str:
    with _turn():
        return _hasher.hash(password)


def verify(stored: str, password: str) -> bool:
    """Whether the password fits, as it was typed. An empty `stored` costs the same time and never fits."""
    with _turn():
        try:
            _hasher.verify(stored or _decoy(), password[:MAXIMUM])
        except (Argon2Error, InvalidHashError):
            return False
    return bool(stored) and len(password) <= MAXIMUM


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")


def problem(
    password: str, *, login: str = "", name: str = "", minimum: int = MINIMUM, house: Collection[str] = ()
) -> str:
    """Why the password may not be used, in the reader's language; empty when it may. `house`: names of the house."""
    if len(password) < minimum:
        return _("At least %(count)s characters: several words are easy to remember.", count=minimum)
    if len(password) > MAXIMUM:
        return _("At most %(count)s characters.", count=MAXIMUM)
    plain = password.casefold()
    for own in (login.casefold(), name.casefold()):
        if len(own) > 1 and own in plain and len(plain) - len(own) < minimum - 2:
            return _("Your own name is too easy to guess.")
    rest = plain
    for word in sorted(house, key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != plain and len(rest) < minimum - 2:
        return _("The name of the house is among the first things that others try.")
    if is_common(password):
        return _("This password is among the first that others try. Choose another.")
    return ""


def is_common(password: str) -> bool:
    """Leaked ones, words everybody uses with digits or signs around them, repetitions, runs along the keyboard."""
    plain = password.casefold()
    if plain in _leaked():
        return True
    if len(set(plain)) < 4 or re.fullmatch(r"(.{1,5})\1+.{0,2}", plain):
        return True
    if _follows_runs(plain):
        return True
    for text in (plain, plain.translate(_LOOK_ALIKES)):
        words = [word for word in re.split(r"[^a-z]+", text) if word]
        if words and all(_is_known(word) for word in words):
            return True
        if len(words) == 1 and words[0] in _leaked():
            return True
    return plain.isdigit()


@cache
def _leaked() -> frozenset[str]:
    """The 30,000 passwords most used in leaks, from the lists of zxcvbn; read when the first one is chosen."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  start-up needs none of them

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_known(word: str) -> bool:
    """A listed word, or two of them run together."""
    if word in _WORDS or len(word) < 3:
        return True
    return any(word[:cut] in _WORDS and word[cut:] in _WORDS for cut in range(3, len(word) - 2))


def _follows_runs(plain: str) -> bool:
    """Whether stretches of neighbouring keys, letters or digits make up all but three characters."""
    at, covered = 0, 0
    while at < len(plain):
        length = max(_common_prefix(run, plain[at:]) for row in _RUNS for run in (row, row[::-1]))
        covered += length if length >= 3 else 0
        at += max(length, 1)
    return len(plain) - covered <= 3


def _common_prefix(run: str, text: str) -> int:
    start = run.find(text[0])
    length = 0
    while start >= 0 and start + length < len(run) and length < len(text) and run[start + length] == text[length]:
        length += 1
    return length
