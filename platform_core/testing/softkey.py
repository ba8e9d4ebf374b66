"""A security key in software: what an authenticator and its browser would answer, for tests without a browser.

CTAP2 and WebAuthn Level 3, ES256 only; attestation `none`, or `packed` with the certificate of a `Maker`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_PRESENT, _VERIFIED, _MAY_BE_BACKED_UP, _BACKED_UP, _NEW = 0x01, 0x04, 0x08, 0x10, 0x40
_MODEL = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


class Maker:
    """A maker of authenticators: a root certificate, and one for the attestations of a model."""

    def __init__(self, aaguid: UUID) -> None:
        self.aaguid = aaguid
        root, self.key = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
        named = _named("Root of the maker")
        self.root = _certificate(named, named, root.public_key(), root).public_bytes(Encoding.PEM).decode()
        model = x509.UnrecognizedExtension(_MODEL, b"\x04\x10" + aaguid.bytes)
        issued = _certificate(_named("Attestation"), named, self.key.public_key(), root, model)
        self.certificate = issued.public_bytes(Encoding.DER)


def _named(name: str) -> x509.Name:
    parts = {
        NameOID.COUNTRY_NAME: "CN", NameOID.ORGANIZATION_NAME: "Tests",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Authenticator Attestation", NameOID.COMMON_NAME: name,
    }  # fmt: skip
    return x509.Name([x509.NameAttribute(key, text) for key, text in parts.items()])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey,
    model: x509.ExtensionType | None = None,
) -> x509.Certificate:  # fmt: skip
    moment = datetime.now(UTC)
    built = x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), moment - timedelta(days=1), moment + timedelta(days=30)
    ).add_extension(x509.BasicConstraints(ca=model is None, path_length=None), critical=True)
    if model is not None:
        built = built.add_extension(model, critical=False)
    return built.sign(signer, hashes.SHA256())


@dataclass(slots=True)
class SoftKey:
    """`hardware`: one that is plugged in, else a synchronised passkey; `verifies`: it asks for PIN, finger or face.

    `maker`: who attests its model; `claims`: the model that it names, that of its maker if none is given.
    """

    origin: str = "http://localhost:8000"
    hardware: bool = True
    verifies: bool = True
    counter: int = 0
    key_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    owner: bytes = b""
    maker: Maker | None = None
    claims: UUID | None = None
    _private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str, **changes: Any) -> str:
        """The answer to creation options, both JSON; `changes` forge parts of what the browser says."""
        asked = json.loads(options)
        self.owner = _decoded(asked["user"]["id"])
        numbers = self._private.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        model = self.claims or (self.maker.aaguid if self.maker else UUID(int=0))
        own = model.bytes + len(self.key_id).to_bytes(2, "big") + self.key_id + public
        data = self._data(asked["rp"]["id"], _NEW) + own
        said = self._client_data("webauthn.create", asked["challenge"], changes)
        return self._answer(
            {
                "clientDataJSON": _encoded(said),
                "attestationObject": _encoded(cbor2.dumps({**self._attestation(data, said), "authData": data})),
                "transports": ["usb"] if self.hardware else ["internal", "hybrid"],
            }
        )

    def _attestation(self, data: bytes, said: bytes) -> dict[str, Any]:
        if self.maker is None:
            return {"fmt": "none", "attStmt": {}}
        signed = self.maker.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return {"fmt": "packed", "attStmt": {"alg": -7, "sig": signed, "x5c": [self.maker.certificate]}}

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
