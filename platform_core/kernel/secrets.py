"""The deployment's key file, encryption of sensitive values at rest, keyed hashes to find them, signed tokens.

The key file is JSON of mode 0600: {"current": "k1", "keys": {"k1": "<base64 of 32 bytes>"}}. Old keys stay for reading.
Lookup hashes come from the first key for ever, since changing them would lose every number (HKDF-SHA256, RFC 5869).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class WeakSecretError(RuntimeError):
    """The key file is readable by others, malformed or too short; the process refuses to start."""


def create_key_file(path: Path) -> None:
    """Write a new key file unless there is one; safe against two processes starting at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        json.dump({"current": "k1", "keys": {"k1": key}}, file)


class Vault:
    """Encrypts, decrypts, hashes and signs with the deployment's keys."""

    def __init__(self, keys: dict[str, bytes], current: str) -> None:
        self._ciphers = {key_id: AESGCM(self._derive(key, b"baton column")) for key_id, key in keys.items()}
        self._current = current
        first = keys[min(keys)]
        self._lookup = self._derive(first, b"baton lookup")
        self._signing = self._derive(first, b"baton signing")

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        if path.stat().st_mode & 0o077:
            message = f"{path} can be read by others; run: chmod 600 {path}"
            raise WeakSecretError(message)
        try:
            data = json.loads(path.read_text())
            keys = {key_id: base64.b64decode(value) for key_id, value in data["keys"].items()}
            current = data["current"]
        except (ValueError, KeyError, AttributeError) as error:
            message = f"{path} is not a key file: {error}"
            raise WeakSecretError(message) from error
        if current not in keys or any(len(key) < 32 or len(set(key)) < 8 for key in keys.values()):
            message = f"{path} holds a key that is too short or too simple"
            raise WeakSecretError(message)
        return cls(keys, current)

    @staticmethod
    def _derive(key: bytes, purpose: bytes) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key)

    def encrypt(self, text: str) -> bytes:
        return self.encrypt_bytes(text.encode())

    def decrypt(self, blob: bytes) -> str:
        return self.decrypt_bytes(blob).decode()

    def encrypt_bytes(self, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return self._current.encode() + b":" + nonce + self._ciphers[self._current].encrypt(nonce, data, None)

    def decrypt_bytes(self, blob: bytes) -> bytes:
        key_id, _, rest = bytes(blob).partition(b":")
        return self._ciphers[key_id.decode()].decrypt(rest[:_NONCE], rest[_NONCE:], None)

    def lookup(self, kind: str, text: str) -> int:
        """64-bit keyed hash of a normalised value, signed for a BIGINT column. `kind` keeps hashes of parts apart."""
        digest = hmac.digest(self._lookup, f"{kind}:{text}".encode(), hashlib.sha256)
        return int.from_bytes(digest[:8], "big", signed=True)

    def sign(self, purpose: str, text: str) -> str:
        digest = hmac.digest(self._signing, f"{purpose}:{text}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(purpose, text), signature)


def new_token() -> str:
    """256 random bits for a cookie, a bearer token or a one-time link."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What the database stores of a token. Tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
