import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.kernel.phones import (
    PhoneNumber,
    display,
    half_width,
    last4,
    last8,
    mask,
    mask_mail,
    normalise,
    reported,
    split_many,
)

MOBILES = st.from_regex(r"1(?:3[0-9]|5[0-35-9]|8[0-9])[0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "13812346021",
        " 138 1234 6021 ",
        "138-1234-6021",
        "１３８１２３４６０２１",
        "138–1234–6021",
        "138.1234.6021",
        "8613812346021",
        "+8613812346021",
        "+86 138 1234 6021",
        "(+86)13812346021",
        "（＋８６）138 1234 6021",
        "0086-138-1234-6021",
        "013812346021",
        "1795113812346021",
        "17951 0 13812346021",
        "12593 138 1234 6021",
        "手机：13812346021",
        "Tel: 138-1234-6021",
        "tel 13812346021",
        "138\u200b1234\u00a06021",
        "\u202d13812346021\u202c",
    ],
)
def test_ways_to_write_a_mobile(text):
    assert normalise(text) == PhoneNumber("+8613812346021", "mobile")


@pytest.mark.parametrize(
    ("text", "e164", "kind", "extension"),
    [
        ("021-62345678", "+862162345678", "fixed", None),
        ("（021）62345678", "+862162345678", "fixed", None),
        ("021 6234 5678", "+862162345678", "fixed", None),
        ("86-21-62345678", "+862162345678", "fixed", None),
        ("021-62345678-801", "+862162345678", "fixed", "801"),
        ("0755-26712345-801", "+8675526712345", "fixed", "801"),
        ("010 62345678转8001", "+861062345678", "fixed", "8001"),
        ("010-62345678 分机 12", "+861062345678", "fixed", "12"),
        ("010-62345678（分机12）", "+861062345678", "fixed", "12"),
        ("010-62345678 ext.12", "+861062345678", "fixed", "12"),
        ("010-62345678 x12", "+861062345678", "fixed", "12"),
        ("010-62345678#12", "+861062345678", "fixed", "12"),
        ("13812346021转5", "+8613812346021", "mobile", "5"),
        ("400-820-8820", "+864008208820", "other", None),
        ("400-820-8820-12", "+864008208820", "other", "12"),
        ("+1 (650) 253-0000", "+16502530000", "other", None),
        ("+44 (0)20 7946 0958", "+442079460958", "fixed", None),
        ("+852 9123 4567", "+85291234567", "mobile", None),
        ("+39 06 1234 5678", "+390612345678", "fixed", None),
    ],
)
def test_fixed_lines_extensions_and_other_countries(text, e164, kind, extension):
    assert normalise(text) == PhoneNumber(e164, kind, extension)


@pytest.mark.parametrize(
    "text",
    ["", " ", "+", "abc", "62345678", "95588", "10086", "801", "1.38E+10", "138123460211", "1381234602", "12345678901",
     "13812346021 13912346021", "13812346021(王)", "1" * 100, "138²1234²6021", "+8613812346021+", "anonymous"],
)  # fmt: skip
def test_what_is_no_number(text):
    assert normalise(text) is None


def test_region_reads_local_numbers():
    assert normalise("0161 496 0000", "GB") == PhoneNumber("+441614960000", "fixed")
    assert normalise("0161 496 0000") is None


@given(MOBILES)
def test_the_short_way_agrees_with_the_package(national):
    valid = phonenumbers.is_valid_number(phonenumbers.parse(national, "CN"))
    assert (normalise(national) is not None) == valid


@given(MOBILES, st.sampled_from(["", " ", "-", "."]))
def test_round_trips(national, separator):
    number = normalise(separator.join([national[:3], national[3:7], national[7:]]))
    assert number is not None
    assert normalise(number.e164) == normalise(display(number.e164)) == number
    assert last8(number.e164) == national[-8:]
    assert last4(number.e164) == national[-4:]


@given(st.text(max_size=80))
def test_any_text_is_a_valid_number_or_none(text):
    number = normalise(text)
    if number:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number.e164))
    split_many(text)
    display(text)
    mask_mail(text)
    half_width(text)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("13812346021", ["13812346021"]),
        ("13812346021/13912346021", ["13812346021", "13912346021"]),
        ("13812346021、021-62345678", ["13812346021", "021-62345678"]),
        ("138 1234 6021；139 1234 6021", ["138 1234 6021", "139 1234 6021"]),
        ("13812346021,13912346021;", ["13812346021", "13912346021"]),
        ("13812346021\n13912346021\r\n", ["13812346021", "13912346021"]),
        ("13812346021或13912346021", ["13812346021", "13912346021"]),
        ("13812346021 or 13912346021", ["13812346021", "13912346021"]),
        ("13812346021 13912346021", ["13812346021", "13912346021"]),
        ("138 1234 6021", ["138 1234 6021"]),
        ("021 62345678", ["021 62345678"]),
        ("010/62345678", ["010 62345678"]),
    ],
)
def test_several_numbers_in_one_cell(text, pieces):
    assert split_many(text) == pieces


@pytest.mark.parametrize(
    ("e164", "masked", "shown"),
    [
        ("+8613812346021", "138****6021", "138 1234 6021"),
        ("+862162341234", "021****1234", "021 6234 1234"),
        ("+8675526712345", "0755****2345", "0755 2671 2345"),
        ("+868752345678", "0875****5678", "0875 234 5678"),
        ("+864008208820", "400****8820", "400 820 8820"),
        ("+16502530000", "+1****0000", "+1 650-253-0000"),
        ("+4712345", "****", "+47 12345"),
        ("62345678", "****5678", "62345678"),
        ("801", "****", "801"),
        ("", "****", ""),
    ],
)
def test_masks_and_display(e164, masked, shown):
    assert mask(e164) == masked
    assert display(e164) == shown


@given(st.text(max_size=40))
def test_a_mask_never_shows_a_whole_number(text):
    digits = [char for char in text if char in "0123456789"]
    shown = [char for char in mask(text) if char in "0123456789"]
    assert len(shown) < len(digits) or not digits


@pytest.mark.parametrize(
    ("mail", "masked"),
    [
        ("zhang.wei@example.com", "zh***@example.com"),
        ("li@example.com", "l***@example.com"),
        ("@x", "***@x"),
        ("none", "***"),
        ("", "***"),
    ],
)
def test_mail_masks(mail, masked):
    assert mask_mail(mail) == masked


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        *((text, {}, "+8613800138000") for text in (
            "13800138000", "013800138000", "8613800138000", "+8613800138000", "008613800138000", "17951013800138000",
            "1259313800138000",
        )),
        ("862162345678", {}, "+862162345678"),
        ("62345678", {"area_code": "010"}, "+861062345678"),
        ("26712345", {"area_code": "0755"}, "+8675526712345"),
        ("62345678", {}, None),
        ("913800138000", {"outside": "9"}, "+8613800138000"),
        ("4930123456", {}, "+4930123456"),
        ("4008208820", {}, "+864008208820"),
        ("95588", {}, None),
        ("801", {"area_code": "010"}, None),
        ("", {}, None),
    ],
)  # fmt: skip
def test_numbers_as_lines_and_exchanges_report_them(text, line, expected):
    number = reported(text, **line)
    assert (number.e164 if number else None) == expected
