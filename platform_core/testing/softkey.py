"""A security key in software: what an authenticator and its browser would answer, for tests without a browser.

CTAP2 and WebAuthn Level 3, ES256 only; attestation `none`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _MAY_BE_BACKED_UP, _BACKED_UP, _NEW = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass(slots=True)
class SoftKey:
    """`hardware`: one that is plugged in, else a synchronised passkey; `verifies`: it asks for PIN, finger or face."""

    origin: str = "http://localhost:8000"
    hardware: bool = True
    verifies: bool = True
    counter: int = 0
    key_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    owner: bytes = b""
    _private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str, **changes: Any) -> str:
        """The answer to creation options, both JSON; `changes` forge parts of what the browser says."""
        asked = json.loads(options)
        self.owner = _decoded(asked["user"]["id"])
        numbers = self._private.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        own = bytes(16) + len(self.key_id).to_bytes(2, "big") + self.key_id + public
        data = self._data(asked["rp"]["id"], _NEW) + own
        said = self._client_data("webauthn.create", asked["challenge"], changes)
        return self._answer(
            {
                "clientDataJSON": _encoded(said),
                "attestationObject": _encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
                "transports": ["usb"] if self.hardware else ["internal", "hybrid"],
            }
        )

    def get(self, options: str, **changes: Any) -> str:
        """The answer to request options."""
        asked = json.loads(options)
        self.counter += 1
        data = self._data(changes.pop("rp_id", asked["rpId"]), 0)
        said = self._client_data("webauthn.get", asked["challenge"], changes)
        signed = data + hashlib.sha256(said).digest()
        return self._answer(
            {
                "clientDataJSON": _encoded(said),
                "authenticatorData": _encoded(data),
                "signature": _encoded(self._private.sign(signed, ec.ECDSA(hashes.SHA256()))),
                "userHandle": _encoded(self.owner),
            }
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        flags |= 0 if self.hardware else _MAY_BE_BACKED_UP | _BACKED_UP
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | changes
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = _encoded(self.key_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "authenticatorAttachment": "cross-platform" if self.hardware else "platform",
                "clientExtensionResults": {},
            }
        )


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
