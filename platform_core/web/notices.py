"""What the next page says about what has just been done: one sentence, and a way to undo it.

It travels in a cookie, signed for this sign-in session and taken away by the page that shows it. Put no name of a
customer into it: cookies outlive pages.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass

from litestar.datastructures import Cookie

from platform_core.contracts.identity import Actor
from platform_core.web.requests import Platform

_SECONDS = 60
_PURPOSE = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """`undo_url`: answers a POST and leads on from there."""

    text: str
    undo_url: str = ""


def cookie(platform: Platform, actor: Actor, notice: Notice) -> Cookie:
    text = base64.urlsafe_b64encode(json.dumps(asdict(notice)).encode()).decode()
    signature = platform.vault.sign(_PURPOSE, f"{actor.session_id}:{text}")
    return _cookie(platform, f"{text}.{signature}", _SECONDS)


def cookie_name(platform: Platform) -> str:
    return platform.settings.cookie_name("notice")


def taken(platform: Platform) -> Cookie:
    return _cookie(platform, "", 0)


def read(platform: Platform, actor: Actor, value: str) -> Notice | None:
    text, _, signature = value.partition(".")
    if not platform.vault.verify(_PURPOSE, f"{actor.session_id}:{text}", signature):
        return None
    try:
        return Notice(**json.loads(base64.urlsafe_b64decode(text)))
    except (TypeError, ValueError, binascii.Error):  # signed by another version
        return None


def _cookie(platform: Platform, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=cookie_name(platform), value=value, path="/", max_age=seconds, samesite="lax", httponly=True,
        secure=platform.settings.secure_cookies,
    )  # fmt: skip
