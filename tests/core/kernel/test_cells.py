import pickle
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.kernel import cells
from platform_core.kernel.cells import (
    CellError,
    clean,
    parse_bool,
    parse_date,
    parse_money,
    parse_number,
    parse_phone,
    parse_phones,
    parse_text,
)

CELLS = st.one_of(
    st.text(max_size=50),
    st.text("0123456789.,-/:+Ee ()年月日万元¥%=#'\"", max_size=24),
    st.integers(),
    st.sampled_from([10**5000, -(10**5000), 1e300, 5e-324]),
    st.floats(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.just(object()),
)


def code_of(parser, cell):
    with pytest.raises(CellError) as caught:
        parser(cell)
    assert "%(" not in str(caught.value)
    assert caught.value.message_id == cells._MESSAGES[caught.value.code]
    return caught.value.code


def fault_of(parser, cell):
    """The message of the error, None without one; any other error fails the test."""
    try:
        parser(cell)
    except CellError as error:
        return str(error)


@pytest.mark.parametrize(
    "cell",
    ["1.3812346021E+10", "1.38123460210E10", 13812346021.0, 13812346021, "13812346021.0", "１３８１２３４６０２１", "138 1234 6021",
     " 13812346021\u200b\u00a0", '="13812346021"', "'13812346021", "\ufeff13812346021", "8.613812346021E+12"],
)  # fmt: skip
def test_phones_that_are_understood(cell):
    number = parse_phone(cell)
    assert number is not None
    assert number.e164 == "+8613812346021"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.38E+10", "lossy_number"),
        ("1.381234602E+10", "lossy_number"),
        (13800000000.0, "lossy_number"),
        (1e300, "lossy_number"),
        ("123", "bad_phone"),
        (62345678, "bad_phone"),
        (1.5, "bad_phone"),
        (0, "bad_phone"),
        (float("nan"), "bad_phone"),
        ("1.5E+0", "bad_phone"),
        ("1E-30", "bad_phone"),
        (True, "bad_phone"),
        (date(2026, 11, 22), "bad_phone"),
        ("13812346021/123", "bad_phone"),
        ("#N/A", "formula_error"),
        ("=A1", "formula"),
        ("13812346021;13912346021", "several_phones"),
        (";".join(f"138123460{n}" for n in range(10, 30)), "too_many_phones"),
    ],
)
def test_phones_that_are_reported(cell, code):
    assert code_of(parse_phone, cell) == code


@pytest.mark.parametrize("cell", [None, "", "  ", "-", "无", "N/A", "——", "/"])
def test_cells_that_mean_nothing(cell):
    assert parse_phones(cell) == []
    assert parse_phone(cell) is parse_date(cell) is parse_number(cell) is parse_money(cell) is None


def test_several_phones_come_once_each_in_order():
    found = parse_phones("13912346021、138 1234 6021 / 021-62345678转8;+86 13912346021")
    assert [(number.e164, number.extension) for number in found] == [
        ("+8613912346021", None),
        ("+8613812346021", None),
        ("+862162345678", "8"),
    ]
    assert len(parse_phones("021-62345678-801/021-62345678-802")) == 2


@pytest.mark.parametrize(
    "cell",
    ["2026-11-22", "2026.11.22", "2026/11/22", "20261122", 20261122, 20261122.0, "2026年11月22日", "2026 年 11 月 22 日", "2026年11月22号",
     "2026-11-22 星期日", "2026年11月22日（周日）", "22-Nov-2026", "22 November 2026", "Nov 22, 2026", "Nov. 22 2026", "2026-11-22 15:30",
     "2026/11/22 0:00:00", "2026-11-22T15:30:00Z", "2026-11-22T15:30:00.5+08:00", "２０２６．１１．２２", " 2026-11-22\u00a0", "46348",
     46348, 46348.0, 46348.75, "46348.75", datetime.fromisoformat("2026-11-22T15:30"), date(2026, 11, 22)],
)  # fmt: skip
def test_dates_that_are_understood(cell):
    assert parse_date(cell) == date(2026, 11, 22)


def test_serial_dates():
    assert parse_date(45618) == date(2024, 11, 22)
    assert parse_date(10_000) == date(1927, 5, 18)
    assert parse_date(73_415) == date(2100, 12, 31)
    assert code_of(parse_date, 9_999) == code_of(parse_date, 73_416) == "bad_date"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("11-22-2026", "ambiguous_date"),
        ("01/02/2026", "ambiguous_date"),
        ("26-11-22", "ambiguous_date"),
        ("22-Nov-26", "two_digit_year"),
        ("2026-11", "no_day"),
        ("2026年11月", "no_day"),
        ("2026", "no_day"),
        (2026, "no_day"),
        (202611.0, "no_day"),
        ("2026-02-30", "no_such_date"),
        (20261322, "no_such_date"),
        (date(1899, 12, 31), "no_such_date"),
        (datetime.fromisoformat("2101-01-01"), "no_such_date"),
        ("22-Foo-2026", "bad_date"),
        ("明天", "bad_date"),
        (True, "bad_date"),
        (time(1), "bad_date"),
        (timedelta(1), "bad_date"),
        (float("inf"), "bad_date"),
        (7, "bad_date"),
        ("#REF!", "formula_error"),
    ],
)
def test_dates_that_are_reported(cell, code):
    assert code_of(parse_date, cell) == code


@given(st.dates(date(1930, 1, 1), date(2100, 12, 31)))
def test_dates_round_trip(day):
    assert (
        parse_date(day.isoformat())
        == parse_date(f"{day:%Y%m%d}")
        == parse_date(f"{day.year}年{day.month}月{day.day}日")
        == day
    )
    assert parse_date(float((day - date(1899, 12, 30)).days)) == day


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("¥1,234.50", "1234.50"),
        ("￥１，２３４．５", "1234.50"),
        ("12800元", "12800.00"),
        ("人民币 100 元整", "100.00"),
        ("RMB 100", "100.00"),
        ("1.5万", "15000.00"),
        ("3万元", "30000.00"),
        ("0.2亿", "20000000.00"),
        ("(1,200)", "-1200.00"),
        ("-5", "-5.00"),
        ("-0", "0.00"),
        (12800.000000000002, "12800.00"),
        (0.1, "0.10"),
        (12800, "12800.00"),
        (Decimal("1.5"), "1.50"),
        ("1.28E+4", None),
        ("1.2805E+4", "12805.00"),
    ],
)
def test_amounts_that_are_understood(cell, amount):
    if amount is None:
        assert code_of(parse_money, cell) == "lossy_number"
    else:
        assert str(parse_money(cell)) == amount


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.005", "decimals"),
        (1.005, "decimals"),
        ("$100", "currency"),
        ("100美元", "currency"),
        ("abc", "bad_amount"),
        ("元", "bad_amount"),
        ("1.234,56", "bad_amount"),
        ("1,5", "bad_amount"),
        ("12%", "bad_amount"),
        ("10²", "bad_amount"),
        ("1 2 x", "bad_amount"),
        (float("nan"), "bad_amount"),
        (date(2026, 1, 1), "bad_amount"),
        (10**13, "too_large"),
        ("99999999999999999999", "too_large"),
        ("=SUM(A1:A3)", "formula"),
    ],
)
def test_amounts_that_are_reported(cell, code):
    assert code_of(parse_money, cell) == code


@given(st.decimals(-(10**12), 10**12, places=2))
def test_amounts_round_trip(amount):
    assert parse_money(str(amount)) == parse_money(f"{amount:,}") == parse_money(f"¥{amount:,} 元") == amount


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1280.5", "1280.5"), ("5.", "5"), (".5", "0.5"), ("1万", "10000"), (3, "3"), (2.5, "2.5"), ("1,234", "1234")],
)
def test_numbers(cell, number):
    assert parse_number(cell) == Decimal(number)


@pytest.mark.parametrize("cell", [".", "+-", "1..2", "1,23", "①", "1e", True, "twelve"])
def test_bad_numbers(cell):
    assert code_of(parse_number, cell) == "bad_number"


@pytest.mark.parametrize("cell", ["是", "有", "YES", "y", "true", "１", "√", 1, 1.0, True])
def test_yes(cell):
    assert parse_bool(cell) is True


@pytest.mark.parametrize("cell", ["否", "无", "No", "false", "0", "×", 0, 0.0, False])
def test_no(cell):
    assert parse_bool(cell) is False


def test_neither_yes_nor_no():
    assert parse_bool(None) is parse_bool("-") is None
    assert code_of(parse_bool, "maybe") == code_of(parse_bool, 2) == "bad_bool"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" 张\u00a0伟\u200b ", "张 伟"),
        ("　张　三　", "张 三"),
        ("a\r\nb\x00\tc", "a\nb c"),
        ('="007"', "007"),
        ("'=1+1", "=1+1"),
        ("'t Hooft", "'t Hooft"),
        ("@x", "@x"),
        ("-", "-"),
        (1001.0, "1001"),
        (0.1, "0.1"),
        (True, "TRUE"),
        (None, ""),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime.fromisoformat("2026-01-02"), "2026-01-02"),
        (datetime.fromisoformat("2026-01-02T03:04:05"), "2026-01-02 03:04:05"),
        (time(15, 30), "15:30:00"),
    ],
)
def test_texts(cell, text):
    assert parse_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=HYPERLINK(1)", "formula"),
        ("＝1+1", None),
        ("#DIV/0!", "formula_error"),
        (1.2345678901234567e18, "lossy_number"),
        (float("inf"), "bad_number"),
        (object(), "unreadable"),
    ],
)
def test_texts_that_are_reported(cell, code):
    if code is None:
        assert parse_text(cell) == cell
    else:
        assert code_of(parse_text, cell) == code


def test_long_text_is_reported_with_its_length():
    with pytest.raises(CellError, match="has 11 characters, but only 10 fit"):
        parse_text("x" * 11, max_length=10)
    assert parse_text("x" * 10, max_length=10) == "x" * 10


def test_a_message_shows_the_start_of_the_cell_only():
    with pytest.raises(CellError) as caught:
        parse_date("x" * 1000)
    assert caught.value.params == {"value": "x" * 39 + "…"}
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.code, copy.message_id, copy.params) == (
        caught.value.code,
        caught.value.message_id,
        caught.value.params,
    )


@given(CELLS)
def test_nothing_but_a_cell_error_is_raised(cell):
    for parser in (parse_text, parse_phone, parse_phones, parse_date, parse_number, parse_money, parse_bool):
        assert fault_of(parser, cell) != ""


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)
    assert "\x00" not in clean(text)
