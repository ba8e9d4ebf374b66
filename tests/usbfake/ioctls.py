"""Numbers of usbdevfs (linux/usbdevice_fs.h) with 64-bit pointers."""

from __future__ import annotations


def _number(direction: int, number: int, size: int) -> int:
    return (direction << 30) | (size << 16) | (ord("U") << 8) | number


_TAKES, _GIVES, _BOTH = 1, 2, 3
GET_DRIVER = _number(_TAKES, 8, 260)
SUBMIT = _number(_GIVES, 10, 56)
DISCARD = _number(0, 11, 0)
REAP, REAP_NOW = _number(_TAKES, 12, 8), _number(_TAKES, 13, 8)
CLAIM, RELEASE = _number(_GIVES, 15, 4), _number(_GIVES, 16, 4)
IOCTL = _number(_BOTH, 18, 16)
CAPABILITIES = _number(_GIVES, 26, 4)
SPEED = _number(0, 31, 0)
DISCONNECT, CONNECT = _number(0, 22, 0), _number(0, 23, 0)
HARMLESS = frozenset(
    {
        RELEASE, _number(_GIVES, 4, 8), _number(_GIVES, 5, 4), _number(0, 20, 0), _number(_GIVES, 21, 4),
        _number(_GIVES, 3, 4),
    }
)  # fmt: skip
"""Release, set interface, set configuration, reset, clear halt, reset endpoint: done at once."""
CONTROL_URB = 2
