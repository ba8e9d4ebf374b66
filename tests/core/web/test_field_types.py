"""Types of custom fields: parsed, formatted, with the column that an index on them compares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from platform_core.api import FieldType, declared
from platform_core.kernel.i18n import speaking

GOOD = [
    ("web.text", " 12\u200b Main Street ", "12 Main Street", "12 Main Street", "text"),
    ("web.number", "1，280.50", Decimal("1280.50"), "1,280.50", "number"),
    ("web.date", "2025.11.2", date(2025, 11, 2), "2025-11-02", "date"),
    ("web.choice", "red", "red", "red", "choice"),
]


@pytest.fixture
def types(session):
    return {item.key: item for item in declared(session, FieldType)}


@pytest.mark.parametrize(("key", "text", "value", "shown", "widget"), GOOD)
def test_the_cores_types_parse_and_format(types, key, text, value, shown, widget):
    kind = types[key]
    parsed = kind.parse(text)
    assert parsed == value
    assert kind.format(parsed) == shown
    assert kind.widget == widget
    assert isinstance(parsed, kind.column.python_type)


@pytest.mark.parametrize(("key", "text"), [("web.number", "many"), ("web.date", "soon"), ("web.text", "x" * 501)])
def test_what_cannot_be_read_is_refused_with_a_sentence(types, key, text):
    with speaking("en"), pytest.raises(ValueError, match=r"Write|At most"):
        types[key].parse(text)
