"""A backup's file: whatever is done to it is noticed."""

from __future__ import annotations

import io
import os
import random

import pytest

from platform_core.backups import passphrase
from platform_core.backups.container import FRAME, MAGIC, Head, Reader, Writer
from platform_core.backups.errors import BackupError, DamagedError

_SECRET = "a passphrase of the tests"
_DATA = os.urandom(FRAME) + b"the same again and again " * 100_000 + os.urandom(77)


def written(data: bytes = _DATA, secret: str = _SECRET) -> bytes:
    file = open_file()
    with file:
        writer = Writer(file, Head("1" * 32, "2026-11-23T00:00:00+00:00", b"s" * 16), secret)
        for start in range(0, len(data), 100_003):
            writer.write(data[start : start + 100_003])
        writer.finish()
        assert writer.size == file.tell()
        file.seek(0)
        return file.read()


def open_file():
    handle = os.memfd_create("backup")
    return os.fdopen(handle, "w+b")


def read(content: bytes, secret: str = _SECRET) -> bytes:
    reader = Reader(io.BytesIO(content), secret)
    parts = []
    while part := reader.read(70_001):
        parts.append(part)
    return b"".join(parts)


def frames(content: bytes) -> tuple[bytes, list[bytes]]:
    place = content.index(b"\n", len(MAGIC)) + 1
    head, found = content[:place], []
    while place < len(content):
        length = 4 + int.from_bytes(content[place : place + 4], "big")
        found.append(content[place : place + length])
        place += length
    return head, found


def test_it_gives_back_what_was_written_and_is_smaller():
    content = written()
    assert read(content) == _DATA
    assert read(written(b"")) == b""
    assert len(content) < len(_DATA) * 0.6
    assert _DATA[:64] not in content


def test_every_flipped_bit_is_noticed():
    content, chance = written(), random.Random(7)
    places = [*range(0, 130, 11), *(chance.randrange(len(content)) for _ in range(12)), len(content) - 1]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(DamagedError):
            read(bytes(changed))


def test_frames_that_are_missing_moved_doubled_or_added_are_noticed():
    head, found = frames(written())
    assert len(found) >= 4
    forged = [
        found[:-1],
        found[:1],
        [],
        found[1:],
        [found[1], found[0], *found[2:]],
        [found[0], *found],
        [*found, found[-1]],
        [*found[:-1], found[-1][:-5]],
    ]
    for frames_ in forged:
        with pytest.raises(DamagedError):
            read(head + b"".join(frames_))
    with pytest.raises(DamagedError, match="no backup"):
        read(b"PK\x03\x04 a zip")


def test_another_passphrase_is_told_as_such():
    with pytest.raises(DamagedError, match="passphrase is another one"):
        read(written(), "another passphrase of the tests")


def test_passphrases_are_made_once_and_weak_ones_refused(tmp_path):
    path = tmp_path / "backup.key"
    with pytest.raises(BackupError, match="baton backup key"):
        passphrase.read(path)
    passphrase.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(passphrase.read(path)) >= 40
    with pytest.raises(BackupError, match="there already"):
        passphrase.create(path)
    path.chmod(0o644)
    with pytest.raises(BackupError, match="chmod 600"):
        passphrase.read(path)
    path.chmod(0o600)
    for weak in ("abc", "q" * 40, ""):
        path.write_text(weak)
        with pytest.raises(BackupError, match="too short or too simple") as refused:
            passphrase.read(path)
        assert not weak or weak not in str(refused.value)
