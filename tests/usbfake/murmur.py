"""MurmurHash2, by which udev's listeners filter messages for their subsystem."""

from __future__ import annotations

_M = 0x5BD1E995
_WORD = 0xFFFFFFFF


def hash2(text: str) -> int:
    """With seed 0, as libudev uses it."""
    data = text.encode()
    found, whole = len(data), len(data) - len(data) % 4
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at : at + 4], "little") * _M & _WORD
        part = (part ^ part >> 24) * _M & _WORD
        found = (found * _M & _WORD) ^ part
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * _M & _WORD
    found = (found ^ found >> 13) * _M & _WORD
    return found ^ found >> 15
