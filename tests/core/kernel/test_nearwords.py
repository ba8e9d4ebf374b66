"""What a slip of the finger or of the input method still finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.kernel.nearwords import alternatives, resemblance, slips
from platform_core.kernel.searchtokens import index_tokens

NAME = "上海启衡管理咨询有限公司"


def distance(one: str, other: str) -> int:
    """Optimal string alignment by its table, as the textbook has it."""
    table = [[max(i, j) if not min(i, j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


SHORT = st.text("abc", max_size=6)


@given(SHORT, SHORT.filter(bool), st.integers(0, 1))
def test_slips_are_the_distance_to_the_nearest_beginning(token, word, allowed):
    least = min(distance(token[:end], word) for end in range(len(token) + 1))
    assert slips(token, word, allowed) == (least if least <= allowed else None)


@pytest.mark.parametrize(
    "words",
    [
        "启恒管理", "启衡官理", "启管理咨询", "上海起衡", "启衡管理咨讯",
        "qihengguanli", "qihenguanli", "qhiengguanli", "qihengguanlo", "guanlizixum",
    ],
)  # fmt: skip
def test_a_slip_still_resembles(words):
    assert resemblance(words, NAME) is not None
    assert any(_has(near) for near in _each(words))


@pytest.mark.parametrize("words", ["启动", "北京启衡管理", "qiu", "shanghai beijing", "绍兴纺织厂"])
def test_other_words_do_not(words):
    assert resemblance(words, NAME) is None


def test_the_same_sound_comes_before_a_slip():
    assert resemblance("张伟", "章威") == 0
    assert resemblance("zhangwie", "章威") == 1
    assert resemblance("", NAME) == 0
    assert alternatives("张", rare=False) == []
    assert alternatives("abc", rare=False) == []


def _each(words):
    return [alternatives(words, rare=False)[0]]


def _has(near):
    tokens = index_tokens(NAME)
    return any(
        all(
            any(token.startswith(term.token) if term.prefix else token == term.token for token in tokens)
            for term in terms
        )
        for terms in near
    )
