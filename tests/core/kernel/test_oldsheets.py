"""Files of old programs and address books: what they hold, and what they may not do."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from platform_core.customers.importing.columns import guess
from platform_core.kernel import vcards
from platform_core.kernel.i18n import speaking
from platform_core.kernel.spreadsheets import FileError, Limits, open_table
from tests.core.kernel.oldfiles import ods, xls

_TITLES = ["客户名称", "手机", "签约日"]


def opened(folder: Path, name: str, content: bytes, **limits: int):
    path = folder / "upload"
    path.write_bytes(content)
    return open_table(path, name, limits=Limits(**limits))


def test_old_excel_files_are_read(tmp_path):
    rows = [[None] * 4, [None, *_TITLES], [None, "甲公司", 13800138000.0, None], [], [None, "=1+1", "138 0013", 1.5]]
    table = opened(tmp_path, "客户.xls", xls(rows))
    assert table.headers == _TITLES
    assert table.row_count_hint == 2
    expected = [(3, ["甲公司", 13800138000.0, ""]), (5, ["=1+1", "138 0013", 1.5])]
    assert list(table.rows()) == expected
    assert list(table.rows()) == expected  # again, from the beginning
    assert opened(tmp_path, "renamed.xlsx", xls(rows)).headers == _TITLES
    many = [_TITLES, *([f"公司{number}", f"1380013{number:04}", 1.0] for number in range(2_000))]
    assert opened(tmp_path, "a.xls", xls(many)).row_count_hint == 2_000


def test_open_document_tables_are_read(tmp_path):
    rows = [_TITLES, ["甲<公司>", 13800138000, date(2024, 2, 29)], ["乙", "", None]]
    table = opened(tmp_path, "a.ods", ods(rows))
    assert table.headers == _TITLES
    (first, second) = table.rows()
    assert (first[1][0], first[1][1]) == ("甲<公司>", 13800138000)
    assert first[1][2] in {date(2024, 2, 29), datetime(2024, 2, 29)}  # noqa: DTZ001  as the cell has it
    assert second == (3, ["乙", "", ""])


def repeated(rows: int, columns: int) -> str:
    cell = f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string">'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cell}<text:p>x</text:p></table:table-cell></table:table-row>'


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.ods", ods([["a", "b"]], tail=repeated(3_000, 2)), "too_many_rows"),
        ("a.ods", ods([["a", "b"]], tail=repeated(1_048_576, 16_384)), "broken"),
        ("a.ods", ods([["a", "b"]], tail=repeated(2, 500)), "too_many_columns"),
        ("a.ods", ods([["a", "b"], ["x" * 40_000, ""]]), "cell_too_long"),
        ("a.ods", ods([]), "empty"),
        ("a.ods", ods([["a", "b"]]), "header_only"),
        ("a.ods", b"PK\x03\x04 no zip", "broken"),
        ("a.xls", xls([["a", "a"], ["x", "y"]]), "duplicate_headers"),
        ("a.xls", xls([["a"], *[["b"]] * 3_000])[:9_000], "broken"),
    ],
)
def test_hostile_and_broken_ones_are_refused_with_a_reason(tmp_path, name, content, code):
    with pytest.raises(FileError) as refused:
        opened(tmp_path, name, content, rows=1_000)
    assert refused.value.code == code


_BOOK = """BEGIN:VCARD
VERSION:3.0
N:张;三;;;
FN:张三
ORG:上海\\, 贸易;销售部
TITLE:经理
TEL;TYPE=CELL:138 0013 8000
item1.TEL;TYPE=WORK:+86 21 5555 6666
EMAIL:a@b.example
ADR;TYPE=WORK:;;南京路1号;上海;上海;200000;中国
BDAY:1980-04-12
NOTE:第一行\\n第二行
 接着
CATEGORIES:老客户,VIP
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E6=9D=8E;=
=E5=9B=9B;;;
TEL;CELL:13900139000
TEL;HOME:13900139000
END:VCARD
BEGIN:VCARD
VERSION:4.0
END:VCARD
BEGIN:VCARD
VERSION:4.0
N:Smith;Anna;B.;;
BDAY:--0412
ADR:;;1 High St;London;;W1;UK
IMPP:weixin:anna_s
END:VCARD
"""


@pytest.mark.usefixtures("runtime")  # whose catalogues say what columns are called; what they say is kept for good
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_address_books_become_rows_that_the_mapping_knows(tmp_path, encoding):
    book = (
        _BOOK
        if encoding != "gb18030"
        else _BOOK.replace("=E6=9D=8E;=\n=E5=9B=9B", "李;四").replace("ENCODING=QUOTED-PRINTABLE", "X=1")
    )
    for language in ("en", "zh"):
        with speaking(language):
            table = opened(tmp_path, "通讯录.vcf", book.encode(encoding))
            assert guess(table.headers).targets == [
                "contact_name", "name", "position", "phone", "email", "wechat", "address", "birthday", "website",
                "tags", "notes",
            ]  # fmt: skip
    assert table.row_count_hint == 3
    rows = dict(table.rows())
    assert list(rows) == [1, 2, 4]
    assert rows[1] == [
        "张三", "上海, 贸易", "销售部 经理", "138 0013 8000\n+86 21 5555 6666", "a@b.example", "", "中国上海南京路1号",
        "1980-04-12", "", "老客户,VIP", "第一行\n第二行接着",
    ]  # fmt: skip
    assert rows[2][:4] == ["李四", "", "", "13900139000"]
    assert rows[4][0] == "Anna B. Smith"
    assert (rows[4][5], rows[4][6], rows[4][7]) == ("anna_s", "1 High St, London, UK", "")


def test_address_books_that_break_off_or_never_end_are_refused(tmp_path):
    for content, code in (
        (_BOOK.encode()[:-12], "broken_off"),
        (b"BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", "empty"),
        (b"BEGIN:VCARD\nNOTE:" + b"x" * 40_000 + b"\nEND:VCARD\n", "row_too_long"),
        (b"BEGIN:VCARD\nFN:a\nEND:VCARD\n" * 11, "too_many_rows"),
        (
            "BEGIN:VCARD\nFN:张三丰\nEND:VCARD\n".encode() + "BEGIN:VCARD\nFN:李\nEND:VCARD\n".encode("gb18030"),
            "mixed_encoding",
        ),
        (_BOOK.encode("utf-16")[:-1], "broken_off"),
    ):
        with pytest.raises(FileError) as refused:
            opened(tmp_path, "a.vcf", content, rows=10)
        assert refused.value.code == code, content[:60]
    assert not vcards.is_one(b"PK\x03\x04")
