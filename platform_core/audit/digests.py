"""What is hashed, byte for byte: of a line, of a seal. Published, so that anybody can check an archive without Baton.

line  = SHA-256(fixed + SHA-256(salt + personal)), `fixed` and `personal` as compact JSON in UTF-8 (below)
seal  = SHA-256(JSON of ["baton-seal-1", number, previous, first, last, lines, first_at, last_at, sealed_at, root])
root  = SHA-256(number of the line as 8 bytes, big-endian, + digest of the line, for every line in order)

An erasure takes `personal` and the salt out of a line and leaves SHA-256(salt + personal) in `blanked`: the line still
fits its seal, and what stood there cannot be guessed from its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from platform_core.audit.lines import Line, moment

FIRST = bytes(32)
"""`previous` of seal 1."""
VERSION = "baton-seal-1"
_MEMBER = struct.Struct(">q32s")
_json = msgspec.json.Encoder(order="deterministic", uuid_format="hex").encode


class Seal(Protocol):
    number: Any
    previous: Any
    first_seq: Any
    last_seq: Any
    lines: Any
    first_at: Any
    last_at: Any
    sealed_at: Any
    root: Any


def new_salt() -> bytes:
    return os.urandom(16)


def fixed(line: Line) -> bytes:
    """What stays for ever: who did what when to which rows, and the names of the fields that were spoken of."""
    return _json(
        [
            line.seq, line.id, line.at, line.actor_id, line.actor_label, line.session_id, line.via, line.ip,
            line.request_id, line.action, line.result, line.entity, line.entity_id, line.customer_id, line.ids,
            sorted(line.before), sorted(line.after),
        ]
    )  # fmt: skip


def personal(line: Line) -> bytes:
    """What an erasure takes out."""
    return _json([line.entity_label, line.before, line.after, line.reason])


def of_personal(line: Line) -> bytes:
    if line.blanked is not None:
        return line.blanked
    return hashlib.sha256((line.salt or b"") + personal(line)).digest()


def of_line(line: Line) -> bytes:
    return hashlib.sha256(fixed(line) + of_personal(line)).digest()


def members(digests: Iterable[tuple[int, bytes]]) -> bytes:
    """(number, digest) of every line, in order."""
    return b"".join(_MEMBER.pack(seq, digest) for seq, digest in digests)


def read_members(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Raises struct.error when it was cut."""
    return _MEMBER.iter_unpack(packed)


def of_members(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()


def of_seal(seal: Seal) -> bytes:
    """The head of the chain at this seal."""
    moments = [moment(at) for at in (seal.first_at, seal.last_at, seal.sealed_at)]
    numbers = [seal.first_seq, seal.last_seq, seal.lines]
    content = [VERSION, seal.number, bytes(seal.previous).hex(), *numbers, *moments, bytes(seal.root).hex()]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).digest()


def blanks(values: Mapping[str, Any]) -> dict[str, str]:
    """The same fields without what they said."""
    return dict.fromkeys(values, "")
