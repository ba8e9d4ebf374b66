"""A mail server that takes our mail by SMTP (RFC 5321, submission RFC 6409).

Until the text has been sent, every failure is certain: nothing left. After that only the server's answer counts, and
without one nobody knows; a server cannot be asked later, so people decide.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from uuid import UUID

from baton_plugins.mail import writing

from platform_core.api import translator
from platform_core.api.messages import (
    BadValue,
    Inbound,
    NotSent,
    Parcel,
    RawCallback,
    Receipt,
    Rejected,
    Taken,
    is_mail_address,
)

_ = translator("mail")
STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
_STEP = 20.0
"""Seconds for one answer, while nothing has left"""
_TAKING = 60.0
"""Seconds for the answer to the whole text, which servers look through first"""
_KEPT = 10.0
"""How long a connection is kept for the next mail"""
_REFUSED = 300.0
"""Seconds until a refused password is tried again: servers lock out who tries often."""
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[?[0-9a-fA-F:]{2,39}\]?")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Smtp:
    """One account of one server. Keeps connections that were just used."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._host, self._port = config["host"].strip("[]"), _port(config["port"])
        if not _HOST.fullmatch(config["host"]):
            raise BadValue("host", _("This is no name of a server."))
        self._security = config["security"]
        if self._security == PLAIN and self._host not in _HERE:
            raise BadValue("security", _("Without encryption only to a server on this machine."))
        self._user, self._secret = config.get("username", ""), config.get("password", "")
        if self._user and not self._secret:
            raise BadValue("password", _("Please fill this in."))
        if not (self._user + self._secret).isascii():
            raise BadValue("password", _("User name and password: only letters, digits and signs of ASCII."))
        self._sender = _sender(config["sender"], config.get("sender_name", ""))
        self._tls = _trusting(config.get("authority", ""))
        self._kept: list[tuple[float, smtplib.SMTP]] = []
        self._keeping = threading.Lock()

    def send(self, parcel: Parcel) -> Taken:
        if parcel.letter is None:
            raise Rejected("letter", "a mail needs a subject")
        try:
            text = writing.compose(parcel, parcel.letter, self._sender)
        except ValueError as error:
            raise Rejected("header", "an address or a name cannot stand in a header") from error
        line = self._line()
        try:
            self._address(line, parcel.address)
            code, told = self._hand_over(line, text)
        except BaseException:
            line.close()
            raise
        self._keep(line)
        return _judged(code, told)

    def _address(self, line: smtplib.SMTP, address: str) -> None:
        """Raises NotSent, Rejected: nothing has left yet."""
        try:
            from_code, from_told = line.mail(self._sender.addr_spec)
            code, told = line.rcpt(address) if _is_good(from_code) else (0, b"")
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(_class(error), account_down=True) from error
        if not _is_good(from_code):  # about us, not about the recipient
            raise NotSent(_said(from_code, from_told), account_down=True)
        if not _is_good(code):
            _judged(code, told)

    def _hand_over(self, line: smtplib.SMTP, text: bytes) -> tuple[int, bytes]:
        """What the server says. Every exception means that nobody knows."""
        assert line.sock is not None
        line.sock.settimeout(_TAKING)
        try:
            code, told = line.data(text)
        except smtplib.SMTPDataError as error:  # it did not want to hear the text
            code, told = error.smtp_code, _bytes(error.smtp_error)
        line.sock.settimeout(_STEP)
        return code, told

    def _line(self) -> smtplib.SMTP:
        """A connection that was just used and still answers, or a new one. Raises NotSent."""
        while True:
            with self._keeping:
                if not self._kept:
                    break
                since, line = self._kept.pop()
            try:
                if time.monotonic() - since < _KEPT and line.rset()[0] == 250:
                    return line
            except (OSError, smtplib.SMTPException):
                pass
            line.close()
        return self._connect()

    def _keep(self, line: smtplib.SMTP) -> None:
        with self._keeping:
            self._kept.append((time.monotonic(), line))

    def _connect(self) -> smtplib.SMTP:
        line: smtplib.SMTP | None = None
        # The host's own name is not told to the server: it says where we are, and finding it may take seconds.
        own = self._sender.domain
        try:
            if self._security == TLS:
                line = smtplib.SMTP_SSL(self._host, self._port, own, timeout=_STEP, context=self._tls)
            else:
                line = smtplib.SMTP(self._host, self._port, own, timeout=_STEP)
            if self._security == STARTTLS:
                line.starttls(context=self._tls)
            if self._user:
                line.login(self._user, self._secret)
            line.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            if line is not None:
                line.close()
            raise _certain(error) from error
        return line

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        raise NotImplementedError

    def health(self) -> str:
        """Connects and signs in."""
        line = self._connect()
        secured = line.sock.version() if isinstance(line.sock, ssl.SSLSocket) else None
        with suppress(OSError, smtplib.SMTPException):
            line.quit()
        line.close()
        return f"{self._host}:{self._port} {secured or ''}".strip()

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        raise ValueError("a mail server reports nothing")

    def close(self) -> None:
        with self._keeping:
            kept, self._kept = self._kept, []
        for _since, line in kept:
            with suppress(OSError, smtplib.SMTPException):
                line.quit()
            line.close()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise BadValue("port", _("Write a number from %(least)s to %(most)s.", least=1, most=65535))
    return int(text)


def _sender(address: str, name: str) -> Address:
    if not (is_mail_address(address) and address.isascii()):
        raise BadValue("sender", _("This is no mail address."))
    if name != writing.one_line(name):
        raise BadValue("sender_name", _("A name is one line, at most 150 characters."))
    return Address(name, addr_spec=address)


def _trusting(authority: str) -> ssl.SSLContext:
    """Of the system's authorities, or of the house's own."""
    try:
        return ssl.create_default_context(cafile=authority or None)
    except (OSError, ValueError) as error:
        raise BadValue("authority", _("This file holds no certificate.")) from error


def _certain(error: Exception) -> NotSent:
    """Nothing went out: why, without what the server wrote, which may name people."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        told = f"{_said(error.smtp_code, _bytes(error.smtp_error))}: user name or password"
        return NotSent(told, retry_after=_REFUSED, account_down=True)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent("the server offers no STARTTLS or no way to sign in", account_down=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(_said(error.smtp_code, _bytes(error.smtp_error)), account_down=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent(f"certificate: {error.verify_message}", account_down=True)
    return NotSent(_class(error), account_down=True)


def _judged(code: int, told: bytes) -> Taken:
    """Raises NotSent for what may be otherwise later, Rejected for what stays. Anything else is no answer."""
    if _is_good(code):
        return Taken()
    if 400 <= code < 500:
        raise NotSent(_said(code, told), account_down=code == 421)
    if code == 530:  # it wants us to sign in first
        raise NotSent(_said(code, told), account_down=True)
    if 500 <= code < 600:
        raise Rejected(_said(code, told))
    raise OSError(f"the server answered {code}")


def _is_good(code: int) -> bool:
    return 200 <= code < 300


def _bytes(told: bytes | str) -> bytes:
    return told if isinstance(told, bytes) else told.encode()


def _said(code: int, told: bytes) -> str:
    """The numbers of an answer: the text beside them may hold the address."""
    enhanced = _ENHANCED.match(told.decode("ascii", "replace"))
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _class(error: Exception) -> str:
    return type(error).__name__
