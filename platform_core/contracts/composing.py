"""What plugins add to the form in which people write down a contact with a customer."""

from __future__ import annotations

from dataclasses import dataclass

from platform_core.contracts.pages import Tone


@dataclass(frozen=True, slots=True)
class ComposerKind:
    """A way of contact beside those that admins keep, such as a call through a telephone plugin; `<plugin>.name`."""

    code: str
    label: str
    icon: str = "notes"
    is_contact: bool = True
    """False for something like a note, in which nobody was spoken to."""


@dataclass(frozen=True, slots=True)
class OutcomePreset:
    """What one click after a contact sets, beside the outcomes that admins keep; `<plugin>.name`."""

    code: str
    label: str
    tone: Tone = ""
    status: str = ""
    """Code of the customer's new status; empty keeps it."""
    next_in: str = ""
    """`3d` (days), `mon` (next Monday), `none` (no further plan), or empty: nothing said."""
    next_kind: str = "call"
