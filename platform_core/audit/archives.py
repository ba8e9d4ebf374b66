"""Files of old lines with their seals, which can be verified on their own.

Gzipped lines of JSON: a header; then for each seal one object {"seal": …} followed by its lines as arrays in the order
of `columns`; then {"end": number of lines}. Digests, salts and heads are hexadecimal, `members` is base64.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from platform_core.audit.anchors import Anchor
from platform_core.audit.lines import Line
from platform_core.audit.models import AuditSeal
from platform_core.audit.verifying import Chain, Finding, Progress, Report
from platform_core.kernel.clock import now
from platform_core.kernel.secrets import Vault

FORMAT = "baton-audit-archive"
VERSION = 1
_encode = msgspec.json.Encoder(uuid_format="hex").encode
_SEAL = (
    "number", "first_seq", "last_seq", "lines", "first_at", "last_at", "sealed_at", "root", "previous", "head",
    "signature", "members",
)  # fmt: skip


class NotAnArchiveError(ValueError):
    """The file is no archive, or ends too early; the message says where."""


@dataclass(frozen=True, slots=True)
class FiledSeal:
    """A seal as a file has it."""

    number: int
    first_seq: int
    last_seq: int
    lines: int
    first_at: datetime
    last_at: datetime
    sealed_at: datetime
    root: bytes
    previous: bytes
    head: bytes
    signature: str
    members: bytes


def write(path: Path, month: str, batches: Iterable[tuple[AuditSeal, list[Line]]]) -> str:
    """Write an archive of mode 0600, whole or not at all. Returns the SHA-256 of the file in hexadecimal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.part")
    count = 0
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
            header = {"format": FORMAT, "version": VERSION, "month": month, "made_at": now(), "columns": Line._fields}
            _put(file, header)
            for seal, lines in batches:
                _put(file, {"seal": {name: _text(getattr(seal, name), name) for name in _SEAL}})
                for line in lines:
                    _put(file, line._replace(salt=_hex(line.salt), blanked=_hex(line.blanked)))
                count += len(lines)
            _put(file, {"end": count})
        raw.flush()
        os.fsync(raw.fileno())
    digest = sha256(draft)
    draft.replace(path)
    _sync(path.parent)
    return digest


def _put(file: gzip.GzipFile, value: Any) -> None:
    file.write(_encode(value) + b"\n")


def _hex(value: bytes | None) -> Any:
    return None if value is None else value.hex()


def _text(value: Any, name: str) -> Any:
    if name == "members":
        return base64.b64encode(value).decode()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Iterator[tuple[FiledSeal, list[Line]]]:
    """Seal by seal. Raises NotAnArchiveError."""
    try:
        with gzip.open(path, "rb") as file:
            yield from _batches(file, path)
    except (OSError, EOFError, ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        if isinstance(error, NotAnArchiveError | FileNotFoundError | PermissionError):
            raise
        raise NotAnArchiveError(f"{path} is no archive of the audit trail, or was damaged: {error}") from error


def _batches(file: IO[bytes] | gzip.GzipFile, path: Path) -> Iterator[tuple[FiledSeal, list[Line]]]:
    header = msgspec.json.decode(file.readline())
    if header["format"] != FORMAT or header["version"] != VERSION or tuple(header["columns"]) != Line._fields:
        raise NotAnArchiveError(f"{path} is an archive of another kind or version")
    seal: FiledSeal | None = None
    lines: list[Line] = []
    count = 0
    for text in file:
        value = msgspec.json.decode(text)
        if isinstance(value, list):
            lines.append(_line(value))
            continue
        if seal is not None:
            yield seal, lines
            count += len(lines)
        if "end" in value:
            if value["end"] != count:
                raise NotAnArchiveError(f"{path} has {count} lines instead of {value['end']}")
            return
        seal, lines = _seal(value["seal"]), []
    raise NotAnArchiveError(f"{path} ends too early")


def _line(values: list[Any]) -> Line:
    line = Line._make(values)
    salt, blanked = (bytes.fromhex(value) if value else None for value in (values[-2], values[-1]))
    return line._replace(salt=salt, blanked=blanked)


def _seal(values: dict[str, Any]) -> FiledSeal:
    found = {name: values[name] for name in _SEAL}
    for name in ("root", "previous", "head"):
        found[name] = bytes.fromhex(found[name])
    for name in ("first_at", "last_at", "sealed_at"):
        found[name] = datetime.fromisoformat(found[name])
    return FiledSeal(**{**found, "members": base64.b64decode(found["members"])})


def verify(
    path: Path, vault: Vault | None = None, *, progress: Progress = lambda _lines: None
) -> tuple[Report, list[Anchor]]:
    """Whether a file is what was sealed, and the heads of its seals, for comparing with what lies elsewhere."""
    report = Report()
    chain = Chain(report, vault)
    heads: list[Anchor] = []
    try:
        for seal, lines in read(path):
            chain.follow(seal, begins=not heads)
            chain.compare(seal, lines)
            report.blanked += sum(line.blanked is not None for line in lines)
            heads.append(Anchor(seal.number, seal.last_seq, seal.head.hex()))
            progress(len(lines))
    except NotAnArchiveError as error:
        report.findings.append(Finding(0, str(error)))
    chain.end()
    return report, heads
