"""Rows of a list as one template: what a wrong macro is told, and that a theme or another owner still has its say."""

import jinja2
import pytest

from platform_core.web.rowtemplates import name_of
from platform_core.web.templates import Templates
from platform_core.web.themes import Themes


@pytest.fixture
def templates(tmp_path):
    web, guest = tmp_path / "web", tmp_path / "guest"
    for folder in (web / "lists", guest):
        folder.mkdir(parents=True)
    (web / "lists" / "_rows.html").write_text(
        "{% for row in rows %}<tr>{% block cells %}{% endblock %}</tr>{% endfor %}"
    )
    (guest / "_cells.html").write_text(
        "{% macro name(row, look) %}{% set shown = row.name %}<td>{{ shown }}{{ look.mark }}</td>{% endmacro %}"
        "{% macro other(row, look) %}<td>{{ row.name|upper }}</td>{% endmacro %}"
        "{% macro wrong(row) %}<td></td>{% endmacro %}"
    )
    (guest / "_alone.html").write_text("{% macro extra(row, value) %}({{ row.id }}:{{ value }}){% endmacro %}")
    (guest / "_texts.html").write_text("{% macro extra(row, value) %}{{ _('own') }}{{ value }}{% endmacro %}")
    return Templates({"web": web, "guest": guest}, Themes([]))


def drawn(templates, keys, **context):
    rows = [{"id": 1, "name": "a<b"}, {"id": 2, "name": "c"}]
    return templates.render(name_of("guest/_cells.html", keys), {"rows": rows, "look": {"mark": "!"}, **context})


def test_cells_stand_in_the_order_of_the_columns_and_are_escaped(templates):
    assert drawn(templates, ["other", "name"]) == (
        "<tr><td>A&lt;B</td><td>a&lt;b!</td></tr><tr><td>C</td><td>c!</td></tr>"
    )
    assert drawn(templates, ["name"]) == "<tr><td>a&lt;b!</td></tr><tr><td>c!</td></tr>"


def test_columns_of_other_owners_are_called_with_their_value(templates):
    added = {"extra": (lambda row, value: f"[{row['id']}:{value}]", {1: "x"})}
    assert drawn(templates, ["+extra"], added=added) == "<tr>[1:x]</tr><tr>[2:None]</tr>"
    assert drawn(templates, ["+extra=guest/_texts.html"], added=added) == "<tr>[1:x]</tr><tr>[2:None]</tr>"


def test_columns_of_other_owners_without_texts_stand_in_the_row(templates):
    added = {"extra": (None, {1: "<x>"})}
    assert drawn(templates, ["+extra=guest/_alone.html", "other"], added=added) == (
        "<tr>(1:&lt;x&gt;)<td>A&lt;B</td></tr><tr>(2:None)<td>C</td></tr>"
    )


@pytest.mark.parametrize(("key", "reason"), [("missing", "no macro for column"), ("wrong", r"takes \(row, look\)")])
def test_what_cannot_be_drawn_says_so(templates, key, reason):
    with pytest.raises(jinja2.TemplateAssertionError, match=reason):
        drawn(templates, [key])
