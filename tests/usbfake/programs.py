"""Whether the library that the emulation hangs on is here."""

from __future__ import annotations

from platform_core.testing.programs import umockdev

MISSING = "no umockdev here: apt-get install umockdev libusb-1.0-0 (scripts/test-tools does it for root on Debian)"


def has_umockdev() -> bool:
    return umockdev() is not None
