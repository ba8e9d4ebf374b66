"""Security headers on every answer."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_CSP = (
    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


async def add_security_headers(message: Message, scope: Scope) -> None:
    """`no-store` wherever customer data may be; fragments and pages of one URL never share a cache entry."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["content-security-policy"] = _CSP
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "same-origin"
    headers["cross-origin-opener-policy"] = "same-origin"
    headers["cross-origin-resource-policy"] = "same-origin"
    headers["permissions-policy"] = "camera=(), geolocation=(), microphone=()"
    # Behind a proxy that ends TLS every request comes as plain HTTP; the house's own address tells how people come.
    if scope.get("scheme") == "https" or Litestar.from_scope(scope).state.platform.settings.secure_cookies:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    if not scope["path"].startswith("/static/") or message["status"] >= 400:
        headers["cache-control"] = "no-store"
        headers["vary"] = "HX-Request, HX-Request-Type, Cookie, Accept-Language, Accept-Encoding"
