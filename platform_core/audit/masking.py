"""The last net under what is written down: numbers and addresses of people that slipped into a text become masks.

Whoever records hands in masks; but reasons and remarks are typed by people, and an auditor must not find there what is
hidden everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from platform_core.kernel import phones

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Of a record: one in some thousand holds eleven digits that might be a mobile number, and must stay legible."""
_SHORTEST = 6
_KEPT = frozenset({"login", "file", "sha256"})
"""Fields that name an account or a file: a sign-in name may look like a mail address and has to be seen."""


def text(words: str) -> str:
    """The same words with Chinese mobile numbers and mail addresses as masks."""
    if len(words) < _SHORTEST:
        return words
    if "@" in words:
        words = _MAIL.sub(lambda found: phones.mask_mail(found[0]), words)
    return _MOBILE.sub(lambda found: phones.mask("+86" + re.sub(r"[ -]", "", found[1])), words)


def values(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content if name in _KEPT else _value(content) for name, content in fields.items()}


def _value(content: Any) -> Any:
    if isinstance(content, str):
        return content if _ID.fullmatch(content) else text(content)
    if isinstance(content, list):
        return [_value(item) for item in content]
    return values(content) if isinstance(content, dict) else content
