import sqlite3
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.kernel import pinyin, searchtokens
from platform_core.kernel.searchtokens import (
    QueryTerm,
    index_tokens,
    parse_query,
    query_groups,
    sort_key,
    to_fts5,
    to_tsquery,
)

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
COMMON = st.sampled_from(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾解区仇查伟芳娜秀英敏静丽强磊军洋勇艳杰明超霞平刚乐重行长"
)
NAMES = st.text(COMMON, min_size=2, max_size=4)


def finds(query, *texts):
    """What both engines do with the tokens: AND of groups, OR inside, prefixes."""
    tokens = index_tokens(*texts)
    groups = query_groups(query)
    return bool(groups) and all(
        any(
            any(token.startswith(term.token) if term.prefix else token == term.token for token in tokens)
            for term in group
        )
        for group in groups
    )


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("启衡", "上海启衡信息技术有限公司"),
        ("司", "上海启衡信息技术有限公司"),
        ("qh", "启衡"),
        ("qiheng", "上海启衡信息技术有限公司"),
        ("qhxx", "上海启衡信息技术有限公司"),
        ("ShangHai QiHeng", "上海启衡信息技术有限公司"),
        ("shanghaiqihengxinxijishuyouxiangongsi", "上海启衡信息技术有限公司"),
        ("chongqing", "重庆长沙银行音乐有限公司"),
        ("yinhang", "重庆长沙银行音乐有限公司"),
        ("zhangwei", "张伟"),
        ("张伟", "张  伟"),
        ("张wei", "张伟"),
        ("shanxiongxin", "单雄信"),
        ("zenghong", "曾红"),
        ("ceng", "曾红"),
        ("yuchigong", "尉迟恭"),
        ("lv", "吕不韦"),
        ("lyu", "吕不韦"),
        ("买买提艾力", "买买提·艾力"),
        ("启衡集团", "启衡（集团）有限公司"),
        ("启衡（集团）", "启衡（集团）有限公司"),
        ("C-2026-1042", "C-2026-1042"),
        ("c-2026-10", "C-2026-1042"),
        ("1042", "C-2026-1042"),
        ("20261042", "HT20261042"),
        ("ht2026", "HT20261042"),
        ("coca-cola", "Coca Cola"),
        ("coca cola", "Coca-Cola"),
        ("xi'an", "西安"),
        ("jose", "José Martínez"),
        ("JOSÉ", "Jose"),
        ("ＡＢＣ", "abc公司"),
        ("トヨタ", "トヨタ自動車"),
        ("Иван", "Иван Петров"),
        ("𫠝山", "𫠝山人"),
        ("𫠝", "𫠝山人"),
        ("〇", "张〇"),
    ],
)
def test_query_finds_the_text(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("伟张", "张伟"),
        ("启恒", "启衡"),
        ("zw", "李伟"),
        ("1043", "C-2026-1042"),
        ("shangwei", "张伟"),
        ("", "张伟"),
        ("!!", "张伟"),
    ],
)
def test_query_does_not_find_the_text(query, text):
    assert not finds(query, text)


def test_texts_do_not_run_into_each_other():
    assert not finds("伟上", "张伟", "上海")


@given(NAMES)
def test_any_part_of_a_name_finds_it(name):
    for start in range(len(name)):
        for end in range(start + 1, len(name) + 1):
            assert finds(name[start:end], name)


@given(st.text(HAN, min_size=2, max_size=12), st.data())
def test_any_two_characters_side_by_side_find_the_name(name, data):
    start = data.draw(st.integers(0, len(name) - 2))
    assert finds(name[start : start + 2], name)


@given(NAMES)
def test_pinyin_and_initials_find_a_name_in_any_reading_of_its_first_character(name):
    rest = [readings[0] for readings in pinyin.of_run(name)][1:]
    for surname in pinyin.of_character(name[0]):
        assert finds(surname + "".join(rest), name)
        assert finds(surname[0] + "".join(syllable[0] for syllable in rest), name)


@given(st.text(COMMON, min_size=5, max_size=14))
def test_the_phrase_reading_finds_a_company(name):
    readings = [readings[0] for readings in pinyin.of_run(name)]
    assert finds("".join(readings), name)
    assert finds("".join(reading[0] for reading in readings), name)
    assert finds("".join(readings[2:]), name)


@given(st.lists(st.text(), max_size=3), st.text())
def test_tokens_and_terms_hold_safe_characters_only(texts, query):
    for token in index_tokens(*texts):
        assert searchtokens._TOKEN.fullmatch(token)
    for group in parse_query(query).groups:
        assert group
        for term in group:
            assert searchtokens._TOKEN.fullmatch(term.token)


@given(st.text(min_size=1, max_size=30))
def test_a_text_finds_itself(text):
    assert finds(text, text) or not query_groups(text)


@given(st.text(max_size=40))
def test_fts5_takes_every_query_and_splits_no_token(text):
    with sqlite3.connect(":memory:") as connection:
        connection.execute(
            "create virtual table f using fts5(t, detail=none, prefix='1 2', "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")"
        )
        connection.execute("create virtual table v using fts5vocab(f, row)")
        tokens = index_tokens(text)
        connection.execute("insert into f values (?)", (" ".join(tokens),))
        assert {row[0] for row in connection.execute("select term from v")} == tokens
        match = to_fts5(query_groups(text))
        if match:
            assert connection.execute("select count(*) from f where f match ?", (match,)).fetchone() == (1,)
    connection.close()


def test_phones_and_mails_are_set_apart():
    query = parse_query("zhang 138")
    assert (query.digits, query.mail) == (None, None)
    assert query.groups == [[QueryTerm("zhang", prefix=True)], [QueryTerm("138", prefix=True), QueryTerm("_138")]]
    assert parse_query("张伟6021").digits == "6021"
    assert parse_query("张伟6021").groups == [[QueryTerm("张伟")]]
    assert parse_query("Li Zhang.Wei@Example.COM").mail == "zhang.wei@example.com"
    assert parse_query("Li zhang@example.com").groups == [[QueryTerm("li", prefix=True)]]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("13812345678", "+8613812345678"),
        ("138 1234 5678 王", "+8613812345678"),
        ("+86 138-1234-5678", "+8613812345678"),
        ("021-62345678", "+862162345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("138****6021", "6021"),
        ("62345678", "62345678"),
        ("6021", "6021"),
        ("602", None),
        ("60213", None),
        ("C-2026-1042", None),
        ("HT1042", None),
        ("zhang", None),
        ("", None),
    ],
)
def test_what_counts_as_a_phone(text, digits):
    assert parse_query(text).digits == digits


def test_tsquery_and_fts5_texts():
    groups = [[QueryTerm("张伟")], [QueryTerm("zw", prefix=True), QueryTerm("z_w")]]
    assert to_tsquery(groups) == "('张伟') & ('zw':* | 'z_w')"
    assert to_fts5(groups) == '("张伟") AND ("zw"* OR "z_w")'
    assert to_tsquery([]) == to_fts5([]) == ""


@pytest.mark.parametrize("token", ["a'b", 'a"b', "a b", "a:b", "", "a\\"])
def test_a_token_of_other_origin_is_refused(token):
    with pytest.raises(ValueError, match="not a search token"):
        to_tsquery([[QueryTerm(token)]])
    with pytest.raises(ValueError, match="not a search token"):
        to_fts5([[QueryTerm(token)]])


def test_sort_key_orders_by_pinyin():
    names = ["西安", "先生", "张伟", "章伟", "阿里", "bob", "曾红", "单雄", "Zoe", "重庆启衡"]
    assert sorted(names, key=sort_key) == [
        "阿里",
        "bob",
        "重庆启衡",
        "单雄",
        "西安",
        "先生",
        "曾红",
        "张伟",
        "章伟",
        "Zoe",
    ]


@given(st.text())
def test_every_name_has_a_sort_key(name):
    assert sort_key(name) == sort_key(name).strip()


def test_long_names_stay_small():
    assert len(index_tokens("重" * 10_000)) < 1000
    assert all(len(token) <= 2 or set(token) <= set(string.ascii_lowercase) for token in index_tokens("张重庆" * 100))
    assert all(len(token) <= searchtokens.MAX_LATIN for token in index_tokens("张重庆" * 100, "x" * 300))
