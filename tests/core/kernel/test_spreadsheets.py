import io
import struct
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from platform_core.kernel import xlsxguard
from platform_core.kernel.cells import CellError, clean, parse_text
from platform_core.kernel.spreadsheets import FileError, Limits, csv_safe, open_table
from platform_core.kernel.workbooks import write_xlsx

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: clean(text) == text
)
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def workbook(path, rows, *, name="Sheet1"):
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
    return path


def csv_file(folder, content):
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, name=None, **limits):
    table = open_table(path, name or path.name, limits=Limits(**limits))
    rows = list(table.rows())
    assert list(table.rows()) == rows, "rows can be read twice"
    return table.headers, rows


def code_of(path, name=None, **limits):
    with pytest.raises(FileError) as caught:
        read(path, name, **limits)
    assert "%(" not in str(caught.value)
    assert caught.value.message_id == xlsxguard._MESSAGES[caught.value.code]
    return caught.value.code


def fault_of(path, name=None):
    """The message of the error, None without one; any other error fails the test."""
    try:
        read(path, name)
    except FileError as error:
        return str(error)


def rebuilt(path, folder, changes, *, drop=()):
    """A copy of an .xlsx with some parts replaced."""
    target = folder / "rebuilt.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename not in drop:
                new.writestr(info.filename, changes.pop(info.filename, None) or old.read(info.filename))
        for name, content in changes.items():
            new.writestr(name, content)
    return target


def sheet_xml(rows):
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'


@pytest.fixture
def plain(folder):
    return workbook(folder / "plain.xlsx", [["name", "phone"], ["Li", "1"]])


# Reading .xlsx


def test_xlsx_cells_keep_their_types_and_rows_their_numbers(folder):
    path = folder / "types.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(2, 1, ["姓名", " 电话 ", "生日", "状态", 2026])
        sheet.write_row(3, 1, ["张伟", 13812346021])
        sheet.write_datetime(3, 3, datetime.fromisoformat("2026-11-22"), day)
        sheet.write_formula(3, 4, "=NA()", None, "#N/A")
        sheet.write_blank(3, 60, None, day)
        sheet.write_string(5, 1, "  ")
        sheet.write_string(6, 1, "李")
        sheet.write_boolean(6, 5, 1)
    headers, rows = read(path)
    assert headers == ["姓名", "电话", "生日", "状态", "2026"]
    assert rows == [
        (4, ["张伟", 13812346021.0, date(2026, 11, 22), "#N/A", ""]),
        (7, ["李", "", "", "", True]),
    ]
    assert open_table(path, path.name).row_count_hint == 2


def test_xlsx_of_another_writer(folder):
    path = folder / "openpyxl.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "hidden"
    book.active.append(["wrong", "sheet"])
    book.active.sheet_state = "hidden"
    book.create_sheet("empty")
    sheet = book.create_sheet("客户")
    sheet.append(["name", "since"])
    sheet.append(["Li", datetime.fromisoformat("2026-11-22T15:30")])
    book.active = 2
    book.save(path)
    assert read(path, "客户.XLSX") == (["name", "since"], [(2, ["Li", datetime.fromisoformat("2026-11-22T15:30")])])


def test_prefixed_elements_and_cells_without_references(plain, folder):
    rows = "".join(
        f'<x:row><x:c t="inlineStr"><x:is><x:t>{a}</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:r><x:t>{b}</x:t></x:r></x:is></x:c></x:row>'
        for a, b in [("name", "phone"), ("Li", "1")]
    )
    xml = f'<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert read(rebuilt(plain, folder, {SHEET: xml})) == (["name", "phone"], [(2, ["Li", "1"])])


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "empty"),
        ([["  "]], "empty"),
        ([["name", "phone"]], "header_only"),
        ([["name", "phone", " Name "], ["a", "b", "c"]], "duplicate_headers"),
        ([["name", "", "phone"], ["a", "b", "c"]], "blank_headers"),
        ([["name"], ["a", "b"]], "blank_headers"),
        ([[f"h{n}" for n in range(101)], ["a"]], "too_many_columns"),
        ([["name"], ["x" * 32_767], ["b"], ["c"]], "too_many_rows"),
    ],
)
def test_xlsx_shapes_that_are_refused(folder, rows, code):
    assert code_of(workbook(folder / "shape.xlsx", rows), rows=2) == code


def test_the_message_names_the_columns(folder):
    with pytest.raises(FileError, match=r"no title: B, D\. Give each a title in row 2"):
        read(workbook(folder / "blank.xlsx", [[], ["a", None, "c", None], ["1", "2", "3", "4"]]))
    with pytest.raises(FileError, match=r"same title: phone, Phone\."):
        read(workbook(folder / "twice.xlsx", [["phone", "Phone"], ["1", "2"]]))


def test_a_column_beyond_the_titles_that_holds_nothing_is_dropped(folder):
    assert read(workbook(folder / "wide.xlsx", [["a", "b", " "], ["1", "2", " "]]))[0] == ["a", "b"]


def test_limits_are_inclusive(folder):
    path = workbook(folder / "full.xlsx", [["a", "b"], ["xxx", "2"], ["3", "4"]])
    assert len(read(path, rows=2, columns=2, cell_chars=3)[1]) == 2
    assert code_of(path, rows=1) == "too_many_rows"
    assert code_of(path, columns=1) == "too_many_columns"
    assert code_of(path, cell_chars=2) == "cell_too_long"
    assert code_of(path, bytes=path.stat().st_size - 1) == "too_large"
    assert code_of(path, unpacked=5000) == "unpacks_too_large"
    assert code_of(path, text=2) == "unpacks_too_large"


# Files that are not what they say


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "empty"),
        ("a.csv", b"", "empty"),
        ("a.xlsx", b"%PDF-1.7 ...", "wrong_type"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n", "wrong_type"),
        ("a.xlsx", b"name,phone\n", "wrong_type"),
        ("a.csv", b"%PDF-1.7 ...", "wrong_type"),
        ("a.csv", b"PK\x03\x04....", "wrong_type"),
        ("a.csv", b"\xef\xbb\xbf<html><table>", "wrong_type"),
        ("a.pdf", b"name,phone\n1,2\n", "wrong_type"),
        ("a", b"name,phone\n1,2\n", "wrong_type"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "broken"),
        ("a.ods", b"name,phone\n", "wrong_type"),
        ("a.vcf", b"name,phone\n", "wrong_type"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        ("a.xlsx", b"PK\x03\x04" + bytes(600), "broken"),
        ("a.xlsx", b"PK\x05\x06" + bytes(18), "wrong_type"),
    ],
)
def test_wrong_types(folder, name, content, code):
    path = folder / "upload"
    path.write_bytes(content)
    assert code_of(path, name) == code


def test_another_kind_of_zip_is_no_workbook(folder):
    path = folder / "letter.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert code_of(path) == "wrong_type"


def test_a_truncated_workbook_is_broken(folder, plain):
    path = folder / "cut.xlsx"
    path.write_bytes(plain.read_bytes()[:-40])
    assert code_of(path) == "broken"


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"])
def test_broken_xml_is_broken(folder, plain, part):
    assert code_of(rebuilt(plain, folder, {part: b"<a><b></a>"})) == "broken"


def test_missing_parts_are_broken(folder, plain):
    assert code_of(rebuilt(plain, folder, {}, drop=[SHEET])) == "broken"
    assert code_of(rebuilt(plain, folder, {}, drop=["xl/sharedStrings.xml"])) == "broken"


def test_a_document_type_is_refused(folder, plain):
    entities = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    xml = entities + sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>')
    assert code_of(rebuilt(plain, folder, {SHEET: xml})) == "broken"


# Bombs


def test_a_part_that_shrinks_too_well_is_refused(folder, plain):
    assert code_of(rebuilt(plain, folder, {"xl/media/blank.bin": bytes(20 * 1024 * 1024)})) == "unpacks_too_large"


def test_declared_sizes_are_added_up(folder, plain):
    noise = {f"xl/media/{n}.bin": bytes(900_000) for n in range(4)}
    assert code_of(rebuilt(plain, folder, noise), unpacked=3_000_000) == "unpacks_too_large"


def test_a_part_that_lies_about_its_size_is_caught_while_unpacking(folder, plain):
    path = rebuilt(plain, folder, {"xl/media/blank.bin": bytes(20 * 1024 * 1024)})
    raw = bytearray(path.read_bytes())
    size = struct.pack("<I", 20 * 1024 * 1024)
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, struct.pack("<I", 10)))
    assert code_of(path) == "unpacks_too_large"
    assert code_of(path, ratio=10**6) in {"broken", "unpacks_too_large"}


def test_two_parts_of_one_name_are_refused(folder, plain):
    path = rebuilt(plain, folder, {})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, sheet_xml(""))
    assert code_of(path) == "broken"


def test_an_encrypted_part_is_reported(folder, plain):
    raw = bytearray(rebuilt(plain, folder, {}).read_bytes())
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        directory = archive.start_dir
    raw[directory + 8] |= 1
    path = folder / "locked.xlsx"
    path.write_bytes(raw)
    assert code_of(path) == "encrypted"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="CV1048576" t="inlineStr"><is><t> </t></is></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="CV1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" t="str"><v> </v></c></row><row r="2000"><c r="A2000"><v>1</v></c></row>',
    ],
)
def test_cells_far_apart_are_refused_before_room_is_made_for_them(folder, plain, rows):
    assert code_of(rebuilt(plain, folder, {SHEET: sheet_xml(rows)})) == "too_scattered"


def test_one_long_text_shared_by_many_cells_is_counted_each_time(folder, plain):
    strings = (
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{"x" * 30_000}</t></si></sst>'
    )
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 200))
    path = rebuilt(plain, folder, {SHEET: sheet_xml(rows), "xl/sharedStrings.xml": strings})
    assert code_of(path, text=5_000_000) == "unpacks_too_large"


@pytest.mark.parametrize("shared", [True, False])
def test_a_huge_cell_is_named(folder, plain, shared):
    huge = "x" * 10_000_000 if shared else "x" * 40_000
    cell = '<c r="B2" t="s"><v>0</v></c>' if shared else f'<c r="B2" t="inlineStr"><is><t>{huge}</t></is></c>'
    xml = sheet_xml(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{cell}</row>')
    path = rebuilt(plain, folder, {SHEET: xml, "xl/sharedStrings.xml": f"<sst><si><t>{huge}</t></si></sst>"})
    with pytest.raises(FileError, match="Cell B2 holds more than 32767 characters"):
        read(path, ratio=10**6)


def test_a_shared_text_that_does_not_exist_is_broken(folder, plain):
    xml = sheet_xml('<row r="1"><c r="A1" t="s"><v>99</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>')
    assert code_of(rebuilt(plain, folder, {SHEET: xml})) == "broken"


# Writing


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_xlsx_round_trip(folder, rows):
    path = folder / "out.xlsx"
    write_xlsx(path, ["a", "b", "c"], rows)
    assert read(path) == (["a", "b", "c"], [(number, row) for number, row in enumerate(rows, 2)])


def test_written_cells_are_text_and_nothing_else(folder):
    path = folder / "safe.xlsx"
    write_xlsx(path, ["=a"], [["=1+1"], ["http://example.com"], ["13812346021"], ["x" * 40_000], ["\ud800"], [None]])
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(SHEET).decode()
    assert "<f>" not in xml
    assert "<hyperlink" not in xml
    cells = [row[0] for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True)]
    assert cells[:3] == ["=1+1", "http://example.com", "13812346021"]
    assert cells[3] == "x" * 32_766 + "…"
    assert cells[4] == "\ufffd"


def test_numbers_are_numbers_as_long_as_excel_keeps_them_exactly(folder):
    path = folder / "numbers.xlsx"
    long = 110_101_199_003_071_234
    written = [5, -2.5, Decimal("1250.50"), 0, long, float("inf"), Decimal("NaN")]
    write_xlsx(path, ["a"], [[number] for number in written])
    cells = [row[0] for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True)]
    assert cells == [5, -2.5, 1250.5, 0, str(long), "inf", "NaN"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_csv_cells_that_excel_would_run_are_quoted(start):
    assert csv_safe(f"{start}1+1") == f"'{start}1+1"


@given(st.text().filter(lambda text: not text.startswith("'")))
@example("\x1f=1+1")
def test_quoting_is_taken_off_again(text):
    try:
        expected = parse_text(text)
    except CellError:
        expected = clean(text)
    if not text.startswith(('="', "#")):
        assert parse_text(csv_safe(text)) == expected


@given(TEXTS.filter(lambda text: text[0] not in "=+-@＝＋－＠"))
def test_harmless_cells_stay(text):
    assert csv_safe(text) == text


# Anything at all


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_a_file_error(folder, content):
    path = csv_file(folder, content)
    for name in ("a.csv", "a.xlsx"):
        assert fault_of(path, name) != ""


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_workbook_is_a_table_or_a_file_error(folder, plain, damage):
    raw = bytearray(plain.read_bytes())
    for position, byte in damage:
        raw[position % len(raw)] = byte
    path = folder / "damaged.xlsx"
    path.write_bytes(raw)
    assert fault_of(path) != ""


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(list('<>/"= 09AZcvrtse&'))), min_size=1, max_size=4))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_xml_is_a_table_or_a_file_error(folder, plain, damage):
    with zipfile.ZipFile(plain) as archive:
        xml = list(archive.read(SHEET).decode())
    for position, char in damage:
        xml[position % len(xml)] = char
    assert fault_of(rebuilt(plain, folder, {SHEET: "".join(xml)})) != ""
