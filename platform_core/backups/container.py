"""The file of a backup: a line of JSON in the clear, then frames of AES-256-GCM until one says that it is the last.

    BATON BACKUP 1, end of line
    {"id": …, "made_at": …, "salt": …}, end of line
    4 bytes of length, ciphertext      (repeated)

The key comes from the passphrase and the salt by scrypt (N 32768, r 8, p 1). A frame's nonce is its number, the head is
authenticated with each of them, and the last one is marked inside: bytes that were changed, frames that were moved,
left out or added, and a file that ends too early are all noticed. A frame holds a byte of flags and up to 1 MiB.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from platform_core.backups.errors import DamagedError

MAGIC = b"BATON BACKUP 1\n"
FRAME = 1024 * 1024
_OVERHEAD = 17
"""The tag, and the byte of flags."""
_LONGEST_HEAD = 4096
_DEFLATED = 1
_LAST = 2


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself without its passphrase."""

    id: str
    made_at: str
    salt: bytes

    def line(self) -> bytes:
        salt = base64.b64encode(self.salt).decode()
        return json.dumps({"id": self.id, "made_at": self.made_at, "salt": salt}).encode() + b"\n"


def read_head(file: BinaryIO) -> tuple[Head, bytes]:
    """The head, and the bytes that the frames vouch for. Raises DamagedError for another kind of file."""
    if file.read(len(MAGIC)) != MAGIC:
        raise DamagedError("this is no backup of Baton, or its beginning was damaged")
    line = file.readline(_LONGEST_HEAD)
    try:
        known = json.loads(line)
        head = Head(str(known["id"]), str(known["made_at"]), base64.b64decode(known["salt"], validate=True))
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError("the head of the backup was damaged") from error
    return head, MAGIC + line


class _Frames:
    """Numbers and keys, the same for writing and reading."""

    def __init__(self, passphrase: str, head: Head, authenticated: bytes) -> None:
        key = hashlib.scrypt(passphrase.encode(), salt=head.salt, n=2**15, r=8, p=1, dklen=32, maxmem=64 * 1024 * 1024)
        self.cipher = AESGCM(key)
        self.authenticated = hashlib.sha256(authenticated).digest()
        self.number = 0

    def nonce(self) -> bytes:
        self.number += 1
        return self.number.to_bytes(12, "big")


class Writer:
    """Encrypts what is written to it; `finish` says that this was all. `sha256` is of the file."""

    def __init__(self, file: BinaryIO, head: Head, passphrase: str) -> None:
        self._file = file
        self._frames = _Frames(passphrase, head, MAGIC + head.line())
        self._waiting = bytearray()
        self._digest = hashlib.sha256()
        self.size = 0
        self._put(MAGIC + head.line())

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) >= FRAME:
            self._frame(bytes(self._waiting[:FRAME]), 0)
            del self._waiting[:FRAME]
        return len(data)

    def finish(self) -> None:
        self._frame(bytes(self._waiting), _LAST)
        self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _frame(self, data: bytes, flags: int) -> None:
        packed = zlib.compress(data, 1)
        if len(packed) < len(data):
            data, flags = packed, flags | _DEFLATED
        frames = self._frames
        sealed = frames.cipher.encrypt(frames.nonce(), bytes([flags]) + data, frames.authenticated)
        self._put(len(sealed).to_bytes(4, "big") + sealed)

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)
        self.size += len(data)


class Reader:
    """Decrypts; `read` as a file does. Raises DamagedError at the first byte that is not what was written."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self.head, authenticated = read_head(file)
        self._file = file
        self._frames = _Frames(passphrase, self.head, authenticated)
        self._ready = b""
        self._place = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        parts = []
        while size > 0:
            if self._place == len(self._ready):
                if self._ended:
                    break
                self._ready, self._place = self._next(), 0
                continue
            part = self._ready[self._place : self._place + size]
            self._place += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def drain(self) -> None:
        """Read to the end: only there is it certain that nothing is missing."""
        while self.read(FRAME):
            pass

    def _next(self) -> bytes:
        frames, length = self._frames, int.from_bytes(self._exactly(4), "big")
        if not _OVERHEAD <= length <= FRAME + _OVERHEAD:
            raise DamagedError(f"frame {frames.number + 1} was damaged: it cannot be {length} bytes long")
        try:
            opened = frames.cipher.decrypt(frames.nonce(), self._exactly(length), frames.authenticated)
        except InvalidTag as error:
            told = f"frame {frames.number} was changed"
            if frames.number == 1:
                told = "the passphrase is another one than the backup was made with, or its first frame was changed"
            raise DamagedError(told) from error
        flags, data = opened[0], opened[1:]
        if flags & _LAST:
            self._ended = True
            if self._file.read(1):
                raise DamagedError("something was added behind the end of the backup")
        if flags & _DEFLATED:
            data = zlib.decompressobj().decompress(data, FRAME)
        return data

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise DamagedError(f"the backup ends too early, in frame {self._frames.number + 1}: it is not whole")
        return data
