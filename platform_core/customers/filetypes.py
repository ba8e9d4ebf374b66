"""Which files may be kept, recognised by what is in them; what a browser says about them counts for nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("customers")
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "txt": "text/plain",
    "zip": "application/zip",
}
ACCEPT = ",".join(f".{ending}" for ending in (*MEDIA_TYPES, "jpeg"))
"""For the `accept` of a file field."""
_STARTS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "zip": b"PK\x03\x04"}
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_SAMPLE = 64 * 1024


def media_type(filename: str, file: BinaryIO) -> str:
    """The media type of a file whose name and content agree. Raises Invalid."""
    ending = Path(filename).suffix.lower().lstrip(".").replace("jpeg", "jpg")
    if ending not in MEDIA_TYPES:
        raise Invalid(_("Files of this kind are not kept. Allowed: %(kinds)s.", kinds=", ".join(MEDIA_TYPES)))
    file.seek(0)
    sample = file.read(_SAMPLE)
    if not sample:
        raise Invalid(_("The file is empty."))
    if not _is(ending, sample, file):
        raise Invalid(_("This is no %(kind)s file, whatever its name says.", kind=ending))
    return MEDIA_TYPES[ending]


def _is(ending: str, sample: bytes, file: BinaryIO) -> bool:
    if ending == "txt":
        return _is_text(sample)
    if ending in _PARTS:
        return sample.startswith(_STARTS["zip"]) and _PARTS[ending] in _names(file)
    return sample.startswith(_STARTS[ending])


def _names(file: BinaryIO) -> set[str]:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return set()


def _is_text(sample: bytes) -> bool:
    if b"\0" in sample:
        return False
    # A sample may end within a character of up to four bytes.
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):
            try:
                sample[: len(sample) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False
