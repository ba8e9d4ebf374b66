"""Texts as they arrive, and how many parts they are billed as."""

from __future__ import annotations

import pytest
from baton_plugins.sms import segments
from baton_plugins.sms.drivers import ALIYUN, KANNEL
from baton_plugins.sms.rendering import Wording

from platform_core.api import Invalid, speaking
from platform_core.api.messages import Rules


@pytest.mark.parametrize(
    ("text", "mainland", "parts"),
    [
        ("", True, 0), ("字" * 70, True, 1), ("字" * 71, True, 2), ("字" * 134, True, 2), ("字" * 135, True, 3),
        ("a" * 160, True, 3), ("a" * 160, False, 1), ("a" * 161, False, 2), ("€" * 80, False, 1), ("€" * 81, False, 2),
        ("🎂" * 35, True, 1), ("🎂" * 36, True, 2), ("x" * 69 + "🎂", False, 2), ("a" * 306, False, 2),
    ],
)  # fmt: skip
def test_parts(text, mainland, parts) -> None:
    assert segments.parts(text, mainland=mainland) == parts


VALUES = {"customer": "启衡", "contact": "张伟", "sender": ""}


def test_places_are_filled_in_the_order_of_the_text() -> None:
    found = Wording("{contact}您好，{customer}的课程。{contact}", Rules(), is_marketing=False).fill(VALUES)
    assert found.text == "张伟您好，启衡的课程。张伟"
    assert list(found.variables) == ["contact", "customer"]
    assert (found.parts, found.length) == (1, 13)


@pytest.mark.parametrize(
    ("body", "rules", "is_marketing"),
    [
        ("{owner}", Rules(), False),
        ("{contact", Rules(), False),
        ("}", Rules(), False),
        ("{sender}您好", Rules(), False),
        ("字" * 501, Rules(), False),
        ("【公司】您好", KANNEL.rules, False),
        ("价格￥99", ALIYUN.rules, False),
        ("新课优惠", ALIYUN.rules, True),
        ("回访。拒收请回复R", ALIYUN.rules, False),
        ("   ", Rules(), False),
    ],
)
def test_what_would_go_wrong_is_refused_at_the_text(body, rules, is_marketing) -> None:
    with pytest.raises(Invalid) as refused:
        Wording(body, rules, is_marketing=is_marketing).fill(VALUES)
    assert "text" in refused.value.fields


SIGNED = {True: "启衡咨询", False: ""}


def test_the_signature_is_paid_for_and_counts_towards_the_longest_text() -> None:
    fits, over = "字" * 64, "字" * 65
    for body, parts in ((fits, 1), (over, 2)):
        found = Wording(body, Rules(), is_marketing=False, signatures=SIGNED).fill(VALUES)
        assert (found.text, found.parts, found.length) == (body, parts, len(body) + 6)
    wording = Wording("x" * 160, Rules(longest=163), is_marketing=False, signatures=SIGNED)
    assert wording.attempt(VALUES) == "text"
    assert wording.attempt(VALUES, mainland=False).parts == 1, "another account sends abroad, and signs nothing"
    with speaking("en"), pytest.raises(Invalid) as refused:
        wording.fill(VALUES)
    assert "157 characters; the signature takes 6 of 163" in refused.value.fields["text"]


@pytest.mark.parametrize(
    ("body", "told"), [("您好{", "without its other half"), ("您好}", "without its other half"), ("{owner}", "{owner}")]
)
def test_a_refusal_says_what_is_wrong_with_a_place(body, told) -> None:
    with speaking("en"), pytest.raises(Invalid) as refused:
        Wording(body, Rules(), is_marketing=False)
    assert told in refused.value.fields["text"]


def test_what_a_value_brings_along_is_no_place() -> None:
    values = {**VALUES, "customer": "{sender}"}
    assert Wording("{customer}", Rules(), is_marketing=False).fill(values).text == "{sender}"
