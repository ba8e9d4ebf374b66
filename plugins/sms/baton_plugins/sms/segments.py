"""How many parts a text is billed as: UTF-16 units in mainland China, GSM 03.38 elsewhere."""

from __future__ import annotations

_GSM = frozenset(
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_\u03a6\u0393\u039b\u03a9\u03a0"
    "\u03a8\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9 !\"#\u00a4%&'()*+,-./0123456789:;<=>?\u00a1"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1\u00dc\u00a7\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
_GSM_ESCAPED = frozenset("^{}\\[~]|\u20ac\f")


def units(text: str) -> int:
    """An emoji is two."""
    return len(text.encode("utf-16-be")) // 2


def parts(text: str, *, mainland: bool = True) -> int:
    """0 for no text."""
    if not text:
        return 0
    if not mainland and all(char in _GSM or char in _GSM_ESCAPED for char in text):
        length = sum(2 if char in _GSM_ESCAPED else 1 for char in text)
        return 1 if length <= 160 else -(-length // 153)
    length = units(text)
    return 1 if length <= 70 else -(-length // 67)
