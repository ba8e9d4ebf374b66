import pytest

from platform_core.kernel import xlsxguard
from platform_core.kernel.spreadsheets import FileError, Limits, open_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_dialects(folder, encoding, delimiter, newline):
    lines = [["姓名", "电话", "备注"], ["张伟", "13812346021", '"一、二\n三"'], ["", " ", ""], ["李娜", "", ""]]
    text = newline.join(delimiter.join(line) for line in lines) + newline
    assert read(csv_file(folder, text.encode(encoding))) == (
        ["姓名", "电话", "备注"],
        [(2, ["张伟", "13812346021", "一、二\n三"]), (4, ["李娜", "", ""])],
    )


def test_csv_rare_characters_are_read_as_gb18030(folder):
    assert read(csv_file(folder, "姓名,地\n㐂𠮷镕,琦\n".encode("gb18030")))[1] == [(2, ["㐂𠮷镕", "琦"])]


def test_csv_rows_of_other_lengths(folder):
    headers, rows = read(csv_file(folder, "a,b,,\n1\n1,2,,\n1,2,3\n\n"))
    assert headers == ["a", "b"]
    assert rows == [(2, ["1", ""]), (3, ["1", "2"]), (4, ["1", "2", "3"])]


def test_a_comma_in_the_data_does_not_decide_the_delimiter(folder):
    assert read(csv_file(folder, "name;note\nLi;a, b, c\nWang;d, e, f\n"))[0] == ["name", "note"]
    assert read(csv_file(folder, "name\nLi\n")) == (["name"], [(2, ["Li"])])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n\n , \n", "empty"),
        (b"a,b\n", "header_only"),
        (b"a,b\n,\n", "header_only"),
        (b"a,A\n1,2\n", "duplicate_headers"),
        (b"a,,b\n1,2,3\n", "blank_headers"),
        (b"a,b\n1,\x002\n", "nul_bytes"),
        ("a,b\n1,2\n".encode("utf-16"), "utf16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "nul_bytes"),
        (b'a,b\n1,"2\n3,4\n', "csv_quotes"),
        (b'a,b\n"1"x,2\n', "csv_quotes"),
        (b"a,b\n1," + b"x" * 40_000 + b"\n", "cell_too_long"),
        (b"a,b\n1," + b"x" * 10_000_000 + b"\n", "row_too_long"),
        (",".join(f"h{n}" for n in range(200)).encode() + b"\n1\n", "too_many_columns"),
        (b"a\n1\n2\n3\n4\n", "too_many_rows"),
        (b"\xef\xbb\xbfa,b\n\xd5\xc5\xce\xb0,2\n", "mixed_encoding"),
        (b"a,b\n\xff\xff,2\n", "mixed_encoding"),
    ],
)
def test_csv_files_that_are_refused(folder, content, code):
    assert code_of(csv_file(folder, content), rows=3) == code


@pytest.mark.parametrize(("odd", "rest"), [("gb18030", "utf-8"), ("utf-8", "gb18030")])
def test_the_row_in_another_encoding_is_named(folder, odd, rest):
    lines = [f'客户{n},"上海\n启衡"\n'.encode(odd if n == 7 else rest) for n in range(20)]
    with pytest.raises(FileError, match="Row 8 is written in another character encoding") as caught:
        read(csv_file(folder, b"".join(lines)))
    assert caught.value.params == {"row": 8}
