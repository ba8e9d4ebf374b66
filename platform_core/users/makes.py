"""Which models of authenticators a house accepts, by AAGUID: none named, every model.

The model is taken from the key's own attestation, a `packed` statement (W3C WebAuthn Level 3, 8.2) whose certificate
leads to one of the makers' root certificates that the house has stored. Without that chain anybody could claim a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from cryptography import x509
from sqlalchemy import delete
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import SettingValue

_ = translator("users")
SETTING = "users.key_makes"
MOST = 200
_AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
_OCTETS = b"\x04\x10"
"""The extension holds the AAGUID as an OCTET STRING of 16 bytes."""


class MakesInput(msgspec.Struct, kw_only=True):
    """`models`: a line each, the AAGUID and what one likes to call it. `roots`: certificates of makers, PEM."""

    models: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    roots: Annotated[str, msgspec.Meta(max_length=200_000)] = ""


@dataclass(frozen=True, slots=True)
class Makes:
    models: str = ""
    roots: str = ""

    @property
    def aaguids(self) -> frozenset[str]:
        return frozenset(line.split()[0].lower() for line in self.models.splitlines() if line.strip())

    @property
    def pem(self) -> list[bytes]:
        return [certificate.encode() for certificate in _split(self.roots)]

    def refusal(self, aaguid: str, chain: list[bytes]) -> str:
        """For the audit trail: why a key whose statement has been verified is not accepted; "" when it is."""
        if not self.aaguids:
            return ""
        if not chain:
            return "the key does not prove its model"
        if aaguid.lower() not in self.aaguids:
            return f"a model that is not accepted: {aaguid}"
        named = _named(chain[0])
        return "" if named in {"", aaguid.lower()} else f"its certificate is for another model: {named}"


def read(session: Session) -> Makes:
    row = session.get(SettingValue, SETTING)
    return Makes(**row.value) if row is not None else Makes()


def write(session: Session, actor: Actor, data: MakesInput) -> None:
    """For keys that are added from now on; those that are there stay. Raises Invalid at the field."""
    made = Makes("\n".join(line.strip() for line in data.models.splitlines() if line.strip()), data.roots.strip())
    _check(made)
    before = read(session)
    if made == before:
        return
    session.execute(delete(SettingValue).where(SettingValue.key == SETTING))
    if made != Makes():
        session.add(SettingValue(key=SETTING, value={"models": made.models, "roots": made.roots}))
    audit.record(
        session, actor, "users.key_makes",
        before={"models": before.models, "certificates": len(before.pem)},
        after={"models": made.models, "certificates": len(made.pem)},
    )  # fmt: skip


def _check(made: Makes) -> None:
    for line in made.models.splitlines():
        try:
            UUID(line.split()[0])
        except ValueError as error:
            message = _("“%(line)s” does not begin with an AAGUID.", line=line[:60])
            raise Invalid(_("Please check the marked fields."), fields={"models": message}) from error
    if len(made.aaguids) > MOST:
        raise Invalid(fields={"models": _("At most %(most)d models.", most=MOST)})
    try:
        for certificate in made.pem:
            x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise Invalid(fields={"roots": _("One of the certificates cannot be read.")}) from error
    if made.aaguids and not made.pem:
        message = _("Store the makers' root certificates as well: without them any key can claim to be of any model.")
        raise Invalid(fields={"roots": message})


def _split(text: str) -> list[str]:
    end = "-----END CERTIFICATE-----"
    return [f"{part.strip()}\n{end}\n" for part in text.split(end) if part.strip()]


def _named(certificate: bytes) -> str:
    """The AAGUID that an attestation certificate was issued for; "" where it names none."""
    try:
        found = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_oid(_AAGUID_EXTENSION)
    except x509.ExtensionNotFound:
        return ""
    value = found.value
    raw = value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    return str(UUID(bytes=raw[2:])) if raw[:2] == _OCTETS and len(raw) == 18 else "unreadable"
