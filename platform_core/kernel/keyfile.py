"""The key file: what is in it, which keys are refused, and how it is changed while processes read it.

JSON of mode 0600: {"version": 2, "current": "k2", "keys": {"k2": base64 of 32 bytes}, "since": {"k2": moment},
"lookup": base64, "signing": base64}. `keys` encrypt and are changed by `baton keys rotate`. `lookup` and `signing`
stay: numbers are found by hashes of the one, seals of the audit trail are signed with the other, and neither could be
made anew of what the database holds. In files of version 1 both come from the first key.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from platform_core.kernel import clock

_BYTES = 32
_FEWEST_DIFFERENT = 16
"""Of 32 random bytes fewer than that differ once in 10 ** 15 files."""
_NAME = re.compile(r"k[1-9][0-9]{0,6}")


class WeakSecretError(RuntimeError):
    """A secret can be read by others, is malformed, too short or too simple; the process refuses to start."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a key file says. `lookup` and `signing` are used as they are, `keys` are derived from."""

    current: str
    keys: Mapping[str, bytes]
    lookup: bytes
    signing: bytes
    since: Mapping[str, str] = field(default_factory=dict)
    """Key -> when it became the current one, as ISO 8601."""

    @property
    def newest(self) -> str:
        return max(self.keys, key=number)

    @property
    def ever(self) -> list[str]:
        """All names up to the newest, those of keys that are gone as well."""
        return [f"k{place}" for place in range(1, number(self.newest) + 1)]

    @property
    def old(self) -> list[str]:
        """Those that only read."""
        return sorted((name for name in self.keys if number(name) < number(self.current)), key=number)

    @property
    def current_since(self) -> datetime | None:
        known = self.since.get(self.current)
        return datetime.fromisoformat(known) if known else None


def number(name: str) -> int:
    return int(name[1:])


def derive(key: bytes, purpose: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=_BYTES, salt=None, info=purpose).derive(key)


def create(path: Path) -> None:
    """Write a new key file unless there is one; safe against two processes starting at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Keys("k1", {"k1": _new()}, _new(), _new(), {"k1": clock.now().isoformat()})
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(_text(made))


def read(path: Path) -> Keys:
    """Raises WeakSecretError with a sentence that says what to do; its text holds no secret."""
    _check_place(path)
    try:
        data = json.loads(path.read_text())
        keys = {str(name): _bytes(value) for name, value in data["keys"].items()}
        current, since = str(data["current"]), {str(name): str(at) for name, at in data.get("since", {}).items()}
        whole = {name: _bytes(data[name]) for name in ("lookup", "signing") if name in data}
        _ = [datetime.fromisoformat(at) for at in since.values()]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        message = f"{path} is not a key file: {type(error).__name__}; take it from a backup"
        raise WeakSecretError(message) from None  # the error itself may quote the secret
    if not keys or current not in keys or not all(_NAME.fullmatch(name) for name in keys):
        message = f"{path} is not a key file: its keys are named k1, k2, and so on, and one of them is the current one"
        raise WeakSecretError(message)
    for name, value in (*keys.items(), *whole.items()):
        _check_strength(path, name, value)
    if len({*keys.values(), *whole.values()}) < len(keys) + len(whole):
        message = f"{path} holds the same key twice; take it from a backup"
        raise WeakSecretError(message)
    first = keys[min(keys, key=number)]
    return Keys(
        current, keys, whole.get("lookup") or derive(first, b"baton lookup"),
        whole.get("signing") or derive(first, b"baton signing"), since,
    )  # fmt: skip


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """One process changes the file at a time; the others read it meanwhile."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def add(path: Path) -> Keys:
    """Another key, which only reads until it is made the current one."""
    known = read(path)
    name = f"k{number(known.newest) + 1}"
    return _write(path, replace(known, keys={**known.keys, name: _new()}))


def switch(path: Path, name: str) -> Keys:
    """From now on every process encrypts with this key."""
    known = read(path)
    return _write(path, replace(known, current=name, since={**known.since, name: clock.now().isoformat()}))


def retire(path: Path, names: list[str]) -> tuple[Keys, Path]:
    """Take keys out, into a file beside: backups from before need them. Returns what is left, and that file."""
    known = read(path)
    kept = path.with_name(f"{path.stem}.retired-{'-'.join(names)}.json")
    gone = {name: base64.b64encode(known.keys[name]).decode() for name in names}
    _replace(kept, json.dumps({"retired": gone, "at": clock.now().isoformat()}, indent=1))
    left = replace(
        known, keys={name: key for name, key in known.keys.items() if name not in names},
        since={name: at for name, at in known.since.items() if name not in names},
    )  # fmt: skip
    return _write(path, left), kept


def _check_place(path: Path) -> None:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise WeakSecretError(f"{path} is not a file")
    if about.st_mode & 0o077:
        raise WeakSecretError(f"{path} can be read by others; run: chmod 600 {path}")
    if about.st_uid not in (os.geteuid(), 0):
        raise WeakSecretError(f"{path} is not ours but of user id {about.st_uid}; run: chown {os.geteuid()} {path}")
    folder = path.resolve().parent.stat()
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        raise WeakSecretError(f"anybody may put another key file into {path.parent}; run: chmod o-w {path.parent}")


def _check_strength(path: Path, name: str, value: bytes) -> None:
    steps = {(after - before) % 256 for before, after in pairwise(value)}
    if len(value) < _BYTES or len(set(value)) < _FEWEST_DIFFERENT or len(steps) < _FEWEST_DIFFERENT // 2:
        raise WeakSecretError(f"the key {name} in {path} is too short or too simple; let Baton make its key file")
    if all(32 <= byte < 127 for byte in value):
        raise WeakSecretError(f"the key {name} in {path} is text that somebody typed; let Baton make its key file")


def _new() -> bytes:
    return secrets.token_bytes(_BYTES)


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _text(keys: Keys) -> str:
    known = {name: base64.b64encode(key).decode() for name, key in keys.keys.items()}
    whole = {name: base64.b64encode(getattr(keys, name)).decode() for name in ("lookup", "signing")}
    data = {"version": 2, "current": keys.current, "keys": known, "since": dict(keys.since), **whole}
    return json.dumps(data, indent=1)


def _write(path: Path, keys: Keys) -> Keys:
    _replace(path, _text(keys))
    return keys


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, also when the power fails."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
