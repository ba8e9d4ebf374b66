"""What a backup holds, written as its last part, when all of it is known."""

from __future__ import annotations

import msgspec

from platform_core.backups.errors import DamagedError

FORMAT = 1
NAME = "manifest.json"
PURPOSE = "baton backup"
"""Of the signature by which the key file that belongs to a backup is known."""


class SealHead(msgspec.Struct, frozen=True):
    """The newest seal of the audit trail in the database of the backup."""

    number: int
    head: str
    last_seq: int


class FileFact(msgspec.Struct, frozen=True, array_like=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, kw_only=True):
    """`tables`: rows of each; `files`: path below the data folder -> what it is.

    `gone`: files whose rows the database still has, but which were removed while the backup was made. `lost`: files
    that the house itself had lost before. `keys`: names in the key file, the current one first.
    """

    format: int = FORMAT
    id: str
    made_at: str
    version: str
    database: str
    """sqlite or postgresql"""
    revisions: dict[str, str]
    tables: dict[str, int]
    seal: SealHead | None
    database_size: int = 0
    database_sha256: str = ""
    files: dict[str, FileFact] = {}
    gone: list[str] = []
    lost: list[str] = []
    keys: list[str] = []
    proof: str = ""
    owner: str = ""
    """The account that the tables belonged to, on PostgreSQL"""
    accounts: list[str] = []
    """Other accounts that had rights in the database"""

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest)


def decode(data: bytes) -> Manifest:
    """Raises DamagedError; a newer format is named."""
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise DamagedError("the list of what the backup holds cannot be read; was it made by a newer Baton?") from error
    if found.format != FORMAT:
        raise DamagedError(f"the backup is of format {found.format}, and this Baton reads {FORMAT}: update it first")
    return found
