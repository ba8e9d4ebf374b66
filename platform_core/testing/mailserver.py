"""A real mail server on a free port, which does what a test tells it, with a certificate by an authority made here."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ipaddress
import ssl
from asyncio import WriteTransport
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from platform_core.testing.kannel import free_port

USER, SECRET = "crm", "correct horse"


@dataclass
class Served:
    """`taken` are the mails that arrived, as sent over the line. `answer` decides what the sender hears to a text."""

    folder: Path
    security: str
    taken: list[Envelope] = field(default_factory=list)
    answer: Callable[[SMTP], str] | None = None
    to_recipient: Callable[[str], str] | None = None
    port: int = 0
    connections: int = 0
    _controller: Controller | None = None
    _lines: list[SMTP] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  the server calls it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        self._lines.append(server)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  the server calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = self.to_recipient(address) if self.to_recipient else ""
        if told:
            return told
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802  the server calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        told = self.answer(server) if self.answer else ""
        if not told.startswith(("4", "5")):
            self.taken.append(envelope)
        return told or "250 2.0.0 queued"

    def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        given: dict[str, Any] = {"authenticator": _authenticate, "auth_require_tls": self.security != "none"}
        if self.security == "starttls":
            given |= {"tls_context": context, "require_starttls": True}
        if self.security == "tls":
            given |= {"ssl_context": context, "auth_require_tls": False}
        self.port = self.port or free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20, **given)
        self._controller.start()

    def stop(self) -> None:
        """Also hangs up on whoever keeps a connection."""
        if self._controller is not None:
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._controller.loop).result(20)
            self._controller.stop()
            self._controller = None

    async def _hang_up(self) -> None:
        for line in self._lines:
            if isinstance(line.transport, WriteTransport):
                line.transport.abort()
        self._lines.clear()
        for _turn in range(5):  # what an aborted transport still has to do is done by its loop
            await asyncio.sleep(0)

    def mails(self) -> list[EmailMessage]:
        """As a mail program reads them."""
        return [
            email.message_from_bytes(one.original_content or b"", policy=email.policy.default) for one in self.taken
        ]

    def config(self, **changed: str) -> dict[str, str]:
        return {
            "host": "127.0.0.1", "port": str(self.port), "security": self.security, "username": USER,
            "password": SECRET, "sender": "crm@house.example", "sender_name": "\u63a5\u529b CRM",
            "authority": str(self.folder / "authority.pem"), **changed,
        }  # fmt: skip


def drop(server: SMTP) -> str:
    """The line breaks after the server has the text and before it says so."""
    assert isinstance(server.transport, WriteTransport)
    server.transport.abort()
    return ""


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=is_right, handled=is_right)


def certify(folder: Path) -> None:
    """Writes an authority, and a certificate of the server by it."""
    made: list[tuple[x509.Name, ec.EllipticCurvePrivateKey]] = []
    for name in ("authority", "server"):
        key, subject = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        issuer, by = made[0] if made else (subject, key)
        moment = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=not made, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )  # fmt: skip
        if made:
            here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([here]), critical=False)
        certificate = builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(certificate + (secret if made else b""))
        made.append((subject, key))
