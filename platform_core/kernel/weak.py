"""Passwords in addresses of servers that everybody would try first: the process refuses to start with them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from platform_core.kernel.keyfile import WeakSecretError

_SHORTEST = 8
_KNOWN = frozenset({
    "password", "passw0rd", "postgres", "postgresql", "baton", "baton-crm", "changeme", "change-me", "secret", "redis",
    "admin", "administrator", "root", "test", "guest", "default", "12345678", "123456789", "1234567890", "qwertyui",
    "qwerty123", "admin123", "admin1234", "postgres123", "baton123", "baton1234", "redis123", "redis1234", "foobared",
})  # fmt: skip
"""Those of manuals, images and examples; shorter ones are refused anyway."""


def refuse_weak(**addresses: str | None) -> None:
    """`addresses`: variable -> URL. One without a password is not refused: servers know other proofs.

    Raises WeakSecretError, naming the variable and never the password.
    """
    for variable, url in addresses.items():
        parts = urlsplit(url or "")
        if not parts.password:
            continue
        password = unquote(parts.password)
        if len(password) < _SHORTEST or password.lower() in _KNOWN | {(parts.username or "").lower()}:
            raise WeakSecretError(
                f"the password in {variable} is short or one that everybody tries; give the server another one"
            )
