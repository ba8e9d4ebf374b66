"""Encryption of sensitive values at rest, keyed hashes to find them, signed tokens: with the keys of `kernel.keyfile`.

A value at rest is `<name of its key>:<nonce><AES-GCM>`, so that each of them says which key opens it. `baton keys
rotate` changes the current key under running processes: whoever encrypts looks whether the file has changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from platform_core.kernel import keyfile
from platform_core.kernel.keyfile import WeakSecretError
from platform_core.kernel.keyfile import create as create_key_file

__all__ = ["UnknownKeyError", "Vault", "WeakSecretError", "create_key_file", "new_token", "token_digest"]
_log = logging.getLogger(__name__)
_NONCE = 12
_ADDRESSES = "a"


class UnknownKeyError(KeyError):
    """A value was encrypted with a key that the key file does not hold."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """Keys, ready for use, and how the file looked that they were read from."""

    current: str
    ciphers: dict[str, AESGCM]
    lookup: bytes
    signing: bytes
    stamp: tuple[int, int, int]


class Vault:
    """Encrypts, decrypts, hashes and signs with the deployment's keys, as the key file has them at that moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._refused: tuple[int, int, int] | None = None
        self._ready = self._read()

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Raises WeakSecretError."""
        return cls(path)

    def _read(self) -> _Ready:
        stamp = self._stamp()
        keys = keyfile.read(self.path)
        ciphers = {name: AESGCM(keyfile.derive(key, b"baton column")) for name, key in keys.keys.items()}
        ciphers[_ADDRESSES] = AESGCM(keyfile.derive(keys.signing, b"baton addresses"))
        return _Ready(keys.current, ciphers, keys.lookup, keys.signing, stamp)

    def of_this_moment(self) -> Vault:
        """The keys as they are now, for the values of one transaction: the file is not looked at for each of them."""
        self._follow()
        return _Still(self)

    def _stamp(self) -> tuple[int, int, int]:
        about = self.path.stat()
        return about.st_ino, about.st_mtime_ns, about.st_size

    def _follow(self) -> _Ready:
        """The keys of this moment. Without a readable file those that are known go on: the server is not to stop."""
        try:
            stamp = self._stamp()
        except OSError:
            return self._ready
        if stamp in (self._ready.stamp, self._refused):
            return self._ready
        with self._lock:
            try:
                fresh = self._read()
            except (OSError, WeakSecretError) as error:
                self._refused = stamp
                _log.warning("the key file has changed and is not used: %s", error)
                return self._ready
            if (fresh.lookup, fresh.signing) != (self._ready.lookup, self._ready.signing):
                self._refused = stamp
                _log.warning("the key file has changed and is not used: it is that of another deployment")
                return self._ready
            self._ready = fresh
        return self._ready

    def encrypt(self, text: str) -> bytes:
        return self.encrypt_bytes(text.encode())

    def decrypt(self, blob: bytes) -> str:
        return self.decrypt_bytes(blob).decode()

    def encrypt_bytes(self, data: bytes) -> bytes:
        ready = self._follow()
        return _sealed(ready, ready.current, data)

    def decrypt_bytes(self, blob: bytes) -> bytes:
        """Raises UnknownKeyError, ValueError for what is no such value, InvalidTag where somebody has changed it."""
        key, _, rest = bytes(blob).partition(b":")
        name = key.decode("ascii")
        cipher = self._ready.ciphers.get(name) or self._follow().ciphers.get(name)
        if cipher is None:
            raise UnknownKeyError(name[:16])
        return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], None)

    def encrypt_address(self, text: str) -> bytes:
        """For what stands in the address of a page: opened by `decrypt`, whatever keys are changed meanwhile."""
        return _sealed(self._ready, _ADDRESSES, text.encode())

    def lookup(self, kind: str, text: str) -> int:
        """64-bit keyed hash of a normalised value, signed for a BIGINT column. `kind` keeps hashes of parts apart."""
        digest = hmac.digest(self._ready.lookup, f"{kind}:{text}".encode(), hashlib.sha256)
        return int.from_bytes(digest[:8], "big", signed=True)

    def sign(self, purpose: str, text: str) -> str:
        digest = hmac.digest(self._ready.signing, f"{purpose}:{text}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(purpose, text), signature)


class _Still(Vault):
    def __init__(self, vault: Vault) -> None:
        self._ready = vault._ready  # noqa: SLF001  its own kind
        self._vault = vault

    def _follow(self) -> _Ready:
        return self._ready

    def decrypt_bytes(self, blob: bytes) -> bytes:
        return self._vault.decrypt_bytes(blob)


def _sealed(ready: _Ready, name: str, data: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return name.encode() + b":" + nonce + ready.ciphers[name].encrypt(nonce, data, None)


def new_token() -> str:
    """256 random bits for a cookie, a bearer token or a one-time link."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What the database stores of a token. Tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
