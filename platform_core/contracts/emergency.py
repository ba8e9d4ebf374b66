"""Opening a customer outside of one's reach in an emergency: the right to it, and the access that comes of it."""

from __future__ import annotations

RIGHT = "guard.emergency"
KIND = "emergency"
"""Of an access row: its holder reads the customer and reveals its numbers, and changes nothing."""
