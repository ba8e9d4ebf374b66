"""The smallest pieces of a page, drawn a hundred times on each: a call of a macro costs many times as much as these.

macros.html passes them on under the same names, so templates import them like any macro.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from platform_core.web.formats import hue as hue_of

_STATIC = Path(__file__).parent / "static"
_MOST_KEPT = 4096
_manifest: dict[str, str] = {}


def static_url(name: str) -> str:
    """`app.css` -> `/static/app.css?v=<hash>`, so that browsers may keep it for ever."""
    if not _manifest:
        path = _STATIC / "manifest.json"
        _manifest.update(json.loads(path.read_text()) if path.exists() else {})
    return f"/static/{name}?v={_manifest.get(name, '0')}"


@lru_cache(maxsize=_MOST_KEPT, typed=True)
def icon(name: str, cls: str = "", label: str = "") -> Markup:
    """An icon of the sprite; with a label it is an image of its own, without one only an ornament."""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    classes = f"c-i {cls}" if cls else "c-i"
    return Markup('<svg class="{}" {}><use href="{}#{}"/></svg>').format(classes, role, static_url("icons.svg"), name)


@lru_cache(maxsize=_MOST_KEPT, typed=True)
def avatar(name: str | None, cls: str = "", hue: int | None = None) -> Markup:
    """The first letter of a name on its colour; a dot for nobody."""
    classes = " ".join(filter(None, ("ava", f"hue-{hue or hue_of(name)}" if name else "", cls)))
    return Markup('<span class="{}" aria-hidden="true">{}</span>').format(classes, (name or "")[:1] or "\u00b7")


def pill(label: Any, tone: str = "", icon_name: str = "") -> Markup:
    drawn = icon(icon_name) if icon_name else ""
    tones = f" {escape(tone)}" if tone else ""
    return Markup(f'<span class="pill{tones}">{drawn}{escape(label)}</span>')  # noqa: S704  escaped words


def tag(label: Any) -> Markup:
    return Markup(f'<span class="tag">{escape(label)}</span>')  # noqa: S704  an escaped word


def dots(values: Iterable[str], label: str) -> Markup:
    """Where a relay stands. values: one of `done`, `now`, `next` or `late` per leg."""
    return _dots(tuple(values), label)


@lru_cache(maxsize=_MOST_KEPT, typed=True)
def _dots(values: tuple[str, ...], label: str) -> Markup:
    # Neighbours of one colour are one element, which the style sheet cuts into their number: forty rows have dots.
    runs = [(value, len(list(same))) for value, same in groupby(values)]
    classes = [value if length == 1 else f"{value} x{length}" for value, length in runs]
    legs = Markup("").join(Markup('<i class="{}"></i>').format(names) for names in classes)
    return Markup('<span class="relaydots" role="img" aria-label="{}">{}</span>').format(label, legs)


GLOBALS = {"marks": {"icon": icon, "avatar": avatar, "pill": pill, "tag": tag, "dots": dots}, "static": static_url}
