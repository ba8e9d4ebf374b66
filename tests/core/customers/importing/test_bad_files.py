"""Files that are no tables: a clear message at the field, and nothing left behind."""

from __future__ import annotations

import asyncio
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from platform_core.app import create_app
from platform_core.customers.importing.models import ImportBatch
from tests.core.customers.importing.conftest import TITLES, Collector, csv_text, row, uploads, xlsx


def bomb() -> bytes:
    """An .xlsx of a few hundred kB whose sheet unpacks to 400 MB."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(TITLES, [row()]))) as good,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            if not name.startswith("xl/worksheets/"):
                bad.writestr(name, good.read(name))
        with bad.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
            )
            for _number in range(400):
                sheet.write(b" " * 1024 * 1024)
            sheet.write(b"</t></is></c></row></sheetData></worksheet>")
    return target.getvalue()


def entities() -> bytes:
    """An .ods of a few hundred bytes one cell of which names an entity of a thousand million letters."""
    named = "".join(f'<!ENTITY {chr(98 + place)} "{f"&{chr(97 + place)};" * 10}">' for place in range(8))
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    cells = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        "</table:table-row>"
        for text in ("name", "&i;")
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as sheet:
        sheet.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        sheet.writestr(
            "content.xml",
            f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{named}]><office:document-content{spaces}>'
            f'<office:body><office:spreadsheet><table:table table:name="s">{cells}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )
    return target.getvalue()


BAD_FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "picture": ("a.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "is not what its name says"),
    "picture called csv": ("a.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "is not what its name says"),
    "text called xlsx": ("a.xlsx", lambda: b"name,phone\nA,1\n", "is not what its name says"),
    "web page": ("a.csv", lambda: b"<html><table></table></html>", "is not what its name says"),
    "old Excel": ("a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
    "empty": ("a.csv", lambda: b"", "The file is empty"),
    "blank": ("a.csv", lambda: b"\n\n  \n", "The file is empty"),
    "header only, csv": ("a.csv", lambda: csv_text(TITLES, []).encode(), "no rows below"),
    "header only, xlsx": ("a.xlsx", lambda: xlsx(TITLES, []), "no rows below"),
    "200 columns, csv": (
        "a.csv",
        lambda: csv_text([f"t{n}" for n in range(200)], [["x"] * 200]).encode(),
        "more than 100 columns",
    ),
    "200 columns, xlsx": (
        "a.xlsx",
        lambda: xlsx([f"t{n}" for n in range(200)], [["x"] * 200]),
        "more than 100 columns",
    ),
    "duplicate headers": ("a.csv", lambda: csv_text(["姓名", "电话", "姓名"], [["a", "b", "c"]]).encode(), "姓名"),
    "blank header": ("a.csv", lambda: csv_text(["姓名", "", "电话"], [["a", "b", "c"]]).encode(), "no title: B"),
    "UTF-16": ("a.csv", lambda: csv_text(TITLES, [row()]).encode("utf-16"), "UTF-16"),
    "two encodings": (
        "a.csv",
        lambda: csv_text(TITLES, [row()]).encode() + csv_text(row(客户名称="第二家公司"), []).encode("gb18030"),
        "another character encoding",
    ),
    "cut off": ("a.xlsx", lambda: xlsx(TITLES, [row()])[:-400], "damaged"),
    "10 MB in a cell": ("a.csv", lambda: b"name,phone\n" + b"x" * 10**7 + b",1\n", "more than 32767 characters"),
    "10 MB in quotes": (
        "a.csv",
        lambda: b'name,phone\n"' + b"x\n" * (5 * 10**6) + b'",1\n',
        "close its quotation marks",
    ),
    "entities in entities": ("a.ods", entities, "damaged"),
    "zip bomb": ("a.xlsx", bomb, "unpacks to far more"),
    "51 MB": ("a.csv", lambda: b"name,phone\n" + b"x,1\n" * (51 * 1024 * 256), "larger than 50 MB"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_is_refused_at_the_field(collector: Collector, name: str) -> None:
    filename, make, message = BAD_FILES[name]
    content = make()
    before = uploads(collector.runtime)
    answer = collector.upload(content, filename)
    assert answer.status_code == (413 if "larger" in message else 422)
    field = answer.text.partition('id="f-file-error"')[2].partition("</p>")[0]
    assert message in field
    assert 'aria-invalid="true" aria-describedby="f-file-error f-file-hint"' in answer.text
    assert uploads(collector.runtime) == before
    with collector.runtime.database.system_session("test") as session:
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0


def test_no_file_at_all(collector: Collector) -> None:
    answer = collector.browser.post("/customers/import", {}, files={"file": ("", b"")})
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_a_name_from_outside_is_only_a_name(collector: Collector) -> None:
    collector.upload(csv_text(TITLES, [row()]).encode(), "../../etc/passwd.csv")
    assert collector.batch.filename == "passwd.csv"


class Gigabyte:
    """An ASGI request whose body is made while it is read; counts what was taken."""

    def __init__(self, collector: Collector, *, announced: bool) -> None:
        self.total = 1024**3
        self.taken = 0
        self.status = 0
        self.body = b""
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname,phone\n'
        self._head = head
        headers = [
            (b"host", b"testserver.local"),
            (b"cookie", collector.browser.cookie.encode()),
            (b"content-type", b"multipart/form-data; boundary=x"),
        ]
        if announced:
            headers.append((b"content-length", str(self.total).encode()))
        self.scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/customers/import", "raw_path": b"/customers/import", "query_string": b"", "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("testserver.local", 80), "state": {}, "extensions": {},
        }  # fmt: skip

    async def receive(self) -> dict[str, object]:
        chunk = self._head if not self.taken else b"x,1\n" * 16_384
        self.taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": self.taken < self.total}

    async def send(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            self.status = int(str(message["status"]))
        self.body += bytes(message.get("body", b""))  # type: ignore[call-overload]


@pytest.mark.parametrize("announced", [True, False])
def test_a_gigabyte_is_refused_while_it_comes_in(collector: Collector, announced: bool) -> None:
    """Neither memory nor disk takes it, and whoever sends it still hears why."""
    before = uploads(collector.runtime)
    request = Gigabyte(collector, announced=announced)
    app: Any = create_app(collector.runtime, background=False)
    tracemalloc.start()
    try:
        asyncio.run(app(request.scope, request.receive, request.send))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert request.status == 413
    assert "larger than 50 MB" in request.body.decode()
    assert 'id="f-file-error"' in request.body.decode()
    assert peak < 40 * 1024 * 1024
    assert uploads(collector.runtime) == before
    assert request.taken >= request.total  # drained and dropped, so that the browser takes the answer


def test_a_gigabyte_from_nobody_is_refused(collector: Collector) -> None:
    collector.browser.cookie = "baton=nobody"
    request = Gigabyte(collector, announced=True)
    app: Any = create_app(collector.runtime, background=False)
    asyncio.run(app(request.scope, request.receive, request.send))
    assert request.status == 413
    assert request.taken == 0
