from __future__ import annotations

import pytest

from platform_core.testing.checks import templates
from tests.architecture.checks import files


def test_templates_are_translated_and_need_no_inline_code():
    assert files.run(templates.check, ".html", under=("platform_core", "plugins", "themes")) == []


@pytest.mark.parametrize(
    ("bad", "finding"),
    [
        ('<p style="color: red"></p>', "style="),
        ('<a onclick="go()"></a>', "onclick= is inline script"),
        ('<a hx-on:click="go()"></a>', "hx-on:click= is inline script"),
        ('<a href="javascript:go()"></a>', "runs script"),
        ('<a href=" JavaScript:go()"></a>', "runs script"),
        ("<a hx-vals='js:{a: 1}'></a>", "runs script"),
        ('<a hx-trigger="keyup[ctrlKey]"></a>', "filter in hx-trigger"),
        ("<script>go()</script>", "inline <script>"),
        ("<style>p {}</style>", "inline <style>"),
        ("<p>Save</p>", "text without _(): 'Save'"),
        ("<p>客户</p>", "text without _()"),
        ("<p>{{ count }} rows</p>", "text without _()"),
        ("{% if x %}Save{% else %}{{ _('Open') }}{% endif %}", "text without _()"),
        ('<img alt="Picture">', "alt='Picture' without _()"),
        ('<input placeholder="Name">', "placeholder='Name' without _()"),
        ('<a aria-label="Close {{ name }}"></a>', "without _()"),
        ('<p>{{ "Save" }}</p>', "'Save' is shown without _()"),
        ('<p>{{ "yes" if x else _("No") }}</p>', "'yes' is shown without _()"),
        ('<p>{{ name or "none" }}</p>', "'none' is shown without _()"),
        ('{{ button("Save", icon="check") }}', "'Save' is passed without _()"),
        ('{{ field(form.name, label="Full name") }}', "'Full name' is passed without _()"),
        ("<p>required</p>", "text without _()"),
        ("{% block title %}Sign in{% endblock %}", "text without _()"),
        ("{% if x %}", "Unexpected end of template"),
    ],
)
def test_bad_template_is_found(bad, finding):
    findings = templates.check("x.html", f"\n{bad}")
    assert len(findings) == 1
    assert finding in findings[0]


def test_line_of_a_finding_counts_the_lines_of_expressions_and_comments():
    assert templates.check("x.html", "{#\n\n#}{{ a(\n1) }}\n<p>Save</p>") == ["x.html:5: text without _(): 'Save'"]


@pytest.mark.parametrize(
    "good",
    [
        "<p>{{ _('Save') }} · {{ 1 + 2 }} — 12 %</p>",
        "<p>{# Save #}<!-- Save -->{{ _('Open') }}</p>",
        "{% extends 'base.html' %}{% block shell %}app{% endblock %}",
        """{% macro aria(id) %} required aria-describedby="{{ id ~ '-hint' }}"{% endmacro %}""",
        "<kbd>{{ 'Ctrl K' }}</kbd>",
        '<p class="{{ "on" if x }}" {{ "hidden" if y }}>&nbsp;&times;</p>',
        '<kbd>Ctrl</kbd><code>C-2026</code><script src="/static/app.js"></script>',
        '<script type="application/json">{"a": 1}</script>',
        '{{ icon("phone") }}{{ button(_("Save"), key="Enter", icon="check") }}',
        '<a hx-trigger="click, keyup delay:200ms" hx-post="{{ url("x", q="[") }}"></a>',
        '<a {% if x %}aria-label="{{ _("Close") }}"{% endif %} href="{{ "/a?b=<c>" }}"></a>',
        "{% set title = 'x' %}<input type=text><br>{{ customer.name }}",
    ],
)
def test_good_template_passes(good):
    assert templates.check("x.html", good) == []
