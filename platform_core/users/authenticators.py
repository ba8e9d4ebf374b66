"""Talking to security keys and passkeys: options for the browser, and the check of what comes back.

W3C Web Authentication Level 3 through py_webauthn, which is imported only when a key is used. Challenges are signed
texts that name their purpose and whom they are for, so that none has to be stored before it is answered; an answered
one is kept until it expires and never serves again.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.secrets import new_token, token_digest
from platform_core.settings import Settings
from platform_core.users import makes
from platform_core.users.keymodels import Credential, SpentChallenge
from platform_core.users.models import User

_PURPOSE = "webauthn"
_LIVES = timedelta(minutes=10)
_ON_SCREEN = timedelta(hours=1)
"""The sign-in page stands open for a while before somebody uses it."""
_LONGEST_ANSWER = 20_000
_PATIENCE_MS = 60_000


class RefusedKeyError(Exception):
    """What the authenticator or browser sent does not hold; the text is for the audit trail."""


class UnacceptedMakeError(RefusedKeyError):
    """The key holds, but is of a model that the house does not accept."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new key, as its authenticator describes itself."""

    key_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    kind: str
    transports: str
    verified: bool
    """Whether it knows its owner by PIN, finger or face."""


def challenge(session: Session, purpose: str, subject: str, *, on_screen: bool = False) -> bytes:
    """`subject`: whom it is for; an answer counts only for the same purpose and subject, and once."""
    ends = int((now() + (_ON_SCREEN if on_screen else _LIVES)).timestamp())
    text = f"{ends}.{new_token()[:22]}"
    return f"{text}.{vault_of(session).sign(_PURPOSE, f'{purpose}:{subject}:{text}')}".encode()


def creation_options(
    session: Session, settings: Settings, user: User, held: Sequence[Credential], subject: str, *, kind: str,
    attested: bool = False,
) -> str:  # fmt: skip
    """JSON for the browser, to make a new key of the kind asked for; `attested`: one that proves its model."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415  see the module's docstring
    from webauthn.helpers import structs  # noqa: PLC0415

    hardware = kind == "key"
    options = generate_registration_options(
        rp_id=settings.key_domain,
        rp_name="Baton",
        user_id=user.id.bytes,
        user_name=user.login,
        user_display_name=user.name,
        challenge=challenge(session, "register", subject),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            authenticator_attachment=structs.AuthenticatorAttachment.CROSS_PLATFORM if hardware else None,
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one.key_id) for one in held],
        hints=[structs.PublicKeyCredentialHint.SECURITY_KEY] if hardware else None,
        attestation=(
            structs.AttestationConveyancePreference.DIRECT if attested else structs.AttestationConveyancePreference.NONE
        ),
    )
    return options_to_json(options)


def request_options(
    session: Session, settings: Settings, held: Sequence[Credential], purpose: str, subject: str
) -> str:
    """JSON for the browser, to prove one of the keys held; without any it asks for a passkey that names its owner.

    Written out here (PublicKeyCredentialRequestOptionsJSON): the sign-in page needs no library for it.
    """
    allowed = [
        {
            "type": "public-key",
            "id": _encoded(one.key_id),
            "transports": [way for way in one.transports.split(",") if way],
        }
        for one in held
    ]
    options = {
        "challenge": _encoded(challenge(session, purpose, subject, on_screen=not held)),
        "rpId": settings.key_domain,
        "timeout": _PATIENCE_MS,
        "allowCredentials": allowed,
        "userVerification": "preferred" if held else "required",
    }
    return json.dumps(options)


def read_new(session: Session, settings: Settings, answer: str, subject: str) -> Registered:
    """Raises RefusedKeyError."""
    from webauthn import verify_registration_response  # noqa: PLC0415
    from webauthn.helpers import parse_attestation_object, structs  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    sent = _parsed(answer)
    asked = _challenge_in(session, sent, "register", subject)
    accepted = makes.read(session)
    try:
        made = verify_registration_response(
            credential=sent, expected_challenge=asked, expected_rp_id=settings.key_domain,
            expected_origin=list(settings.key_origins),
            pem_root_certs_bytes_by_fmt={structs.AttestationFormat.PACKED: accepted.pem} if accepted.aaguids else None,
        )  # fmt: skip
        chain = parse_attestation_object(made.attestation_object).att_stmt.x5c or []
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise RefusedKeyError(str(error)[:200]) from error
    refused = accepted.refusal(made.aaguid, chain if made.fmt == structs.AttestationFormat.PACKED else [])
    if refused:
        raise UnacceptedMakeError(refused)
    _spend(session, asked)
    ways = sent["response"].get("transports")
    transports = ",".join(str(way) for way in ways)[:80] if isinstance(ways, list) else ""
    # Hardware says that its key is never backed up, and the browser that it is no part of this computer.
    hardware = made.credential_device_type.value == "single_device" and (
        sent.get("authenticatorAttachment") == "cross-platform"
    )
    return Registered(
        made.credential_id, made.credential_public_key, made.sign_count, made.aaguid, "key" if hardware else "passkey",
        transports, made.user_verified,
    )  # fmt: skip


def key_id_of(answer: str) -> bytes:
    """Which key an answer speaks of, before it is known to be true. Raises RefusedKeyError."""
    return _decoded(_parsed(answer).get("rawId"))


def owner_of(answer: str) -> bytes:
    """The id of the account that a passkey names; empty where it names none."""
    named = _parsed(answer)["response"].get("userHandle")
    return _decoded(named) if named else b""


def check(
    session: Session,
    settings: Settings,
    key: Credential,
    answer: str,
    asked: tuple[str, str],
    *,
    verified: bool = False,
) -> None:
    """Raises RefusedKeyError unless `key` has answered the challenge of `asked`, its purpose and subject.

    `verified`: the key must have asked its owner for PIN, finger or face. A counter that does not go on is the sign of
    a copied key.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    sent = _parsed(answer)
    expected = _challenge_in(session, sent, *asked)
    try:
        proof = verify_authentication_response(
            credential=sent, expected_challenge=expected, expected_rp_id=settings.key_domain,
            expected_origin=list(settings.key_origins), credential_public_key=key.public_key,
            credential_current_sign_count=0, require_user_verification=verified,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise RefusedKeyError(str(error)[:200]) from error
    if (proof.new_sign_count or key.sign_count) and proof.new_sign_count <= key.sign_count:
        message = f"counter {proof.new_sign_count} after {key.sign_count}: a copy of this key may exist"
        raise RefusedKeyError(message)
    _spend(session, expected)
    key.sign_count, key.used_at = proof.new_sign_count, now()


def forget_old(session: Session) -> None:
    session.execute(delete(SpentChallenge).where(SpentChallenge.expires_at < now()))


def _parsed(answer: str) -> dict[str, Any]:
    try:
        sent = json.loads(answer[:_LONGEST_ANSWER])
    except ValueError as error:
        raise RefusedKeyError("not an answer of a browser") from error
    if not isinstance(sent, dict) or not isinstance(sent.get("response"), dict):
        raise RefusedKeyError("not an answer of a browser")
    return sent


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise RefusedKeyError("a part of the answer is missing")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise RefusedKeyError("a part of the answer is unreadable") from error


def _challenge_in(session: Session, sent: dict[str, Any], purpose: str, subject: str) -> bytes:
    """The challenge that was answered, if it is one of ours for this, not too old and not answered before."""
    try:
        said = json.loads(_decoded(sent["response"].get("clientDataJSON")))
        asked = _decoded(said.get("challenge"))
        ends, nonce, signature = asked.decode("ascii").split(".")
        over = int(ends) < now().timestamp()
    except (ValueError, AttributeError) as error:
        raise RefusedKeyError("the challenge is none of ours") from error
    if not vault_of(session).verify(_PURPOSE, f"{purpose}:{subject}:{ends}.{nonce}", signature):
        raise RefusedKeyError("the challenge is none of ours")
    if over:
        raise RefusedKeyError("the challenge has expired")
    if session.get(SpentChallenge, token_digest(asked.decode())) is not None:
        raise RefusedKeyError("the challenge was answered before")
    return asked


def _spend(session: Session, asked: bytes) -> None:
    """Of two who answer the same challenge at once, one is refused."""
    text = asked.decode()
    ends = datetime.fromtimestamp(int(text.partition(".")[0]), UTC)
    try:
        with session.begin_nested():
            session.add(SpentChallenge(digest=token_digest(text), expires_at=ends))
    except IntegrityError as error:
        raise RefusedKeyError("the challenge was answered before") from error
