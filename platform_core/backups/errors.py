"""What can be wrong with a backup, in sentences for an operator."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A backup cannot be made, read or restored; the message says why and what to do."""


class DamagedError(BackupError):
    """The file is not what was written: changed, cut off, or of another passphrase."""
