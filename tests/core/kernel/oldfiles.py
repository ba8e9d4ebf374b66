"""Small .xls and .ods files, byte by byte: no library that writes them is needed for anything else."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls(rows: Sequence[Sequence[object]]) -> bytes:
    """BIFF8 in a compound file: texts and numbers, no formats."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    def bof(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    cells = b""
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            where = struct.pack("<HHH", place, column, 0)
            if isinstance(cell, str):
                cells += record(0x0204, where + text(cell)) if cell else b""
            elif cell is not None:
                cells += record(0x0203, where + struct.pack("<d", cell))
    width = max((len(row) for row in rows), default=0)
    extent = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    sheet = bof(0x10) + extent + cells + record(0x0A, b"")
    name = b"\x06\x00Sheet1"
    length = len(bof(5)) + len(record(0x85, struct.pack("<IH", 0, 0) + name)) + len(record(0x0A, b""))
    return compound(bof(5) + record(0x85, struct.pack("<IH", length, 0) + name) + record(0x0A, b"") + sheet)


def compound(stream: bytes) -> bytes:
    """A compound file (MS-CFB) with one stream, `Workbook`."""
    stream += bytes(max(4096 - len(stream), 0))
    stream += bytes(-len(stream) % _SECTOR)
    count = len(stream) // _SECTOR
    fats = -(-(count + 2) // 127)
    table = [*range(1, count), _END, _END, *[_FAT] * fats]
    table += [_FREE] * (fats * 128 - len(table))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le")
        head = raw + bytes(64 - len(raw)) + struct.pack("<HBB", len(raw) + 2 if name else 0, kind, 1)
        return head + struct.pack("<III", _FREE, _FREE, child) + bytes(36) + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, _END, 0) + entry("Workbook", 2, _FREE, 0, len(stream))
    directory += entry("", 0, _FREE, 0, 0) * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fats, count, 0, 4096, _END, 0, _END, 0)
    places = [count + 1 + number for number in range(fats)]
    header += struct.pack("<109I", *places, *[_FREE] * (109 - fats))
    return header + stream + directory + struct.pack(f"<{len(table)}I", *table)


def ods(rows: Sequence[Sequence[object]], *, tail: str = "") -> bytes:
    """`tail`: more XML at the end of the table."""
    written = []
    for row in rows:
        cells = "".join(map(_cell, row))
        written.append(f"<table:table-row>{cells}</table:table-row>")
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{"".join(written)}{tail}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest/>')
    return target.getvalue()


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
