"""Quicker than Jinja's own context, with the same results."""

from __future__ import annotations

import html
from types import SimpleNamespace
from uuid import UUID

import jinja2
import pytest
from jinja2 import pass_context, pass_environment, pass_eval_context
from jinja2.runtime import Context
from markupsafe import Markup

from platform_core.kernel.i18n import Lazy, load_catalogue, speaking
from platform_core.web.contexts import QuickEnvironment, texts_of

_CALLS = (
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}"
    "{% for row in '<x' %}{{ m(row) }}{{ m(row, b=loop.index) }}{% call m(row) %}&{% endcall %}"
    "{{ plain(row, end='!') }}{{ wants_context(row) }}{{ wants_eval(row) }}{{ wants_environment(row) }}"
    "{{ thing(row) }}{{ row.upper() }}{{ cycler('a', 'b').next() }}{% endfor %}"
)

_ID = UUID("019355aa-7c1e-7000-a1b2-c3d4e5f60718")


class _Thing:
    @pass_context
    def __call__(self, context: Context, text: str) -> str:
        return text + str(context.get("row", "none")) + context["who"]


def _environment(kind: type[jinja2.Environment]) -> jinja2.Environment:
    environment = kind(autoescape=True, extensions=["jinja2.ext.i18n"])
    environment.globals.update(
        plain=lambda text, end="": text + end,
        wants_context=pass_context(lambda context, text: text + context["who"]),
        wants_eval=pass_eval_context(lambda eval_ctx, text: f"{text}{eval_ctx.autoescape}"),
        wants_environment=pass_environment(lambda environment, text: f"{text}{environment.autoescape}"),
        thing=_Thing(),
        cycler=jinja2.utils.Cycler,
    )
    return environment


def test_calls_do_what_they_do_in_jinja():
    drawn = [_environment(kind).from_string(_CALLS).render(who="me") for kind in (jinja2.Environment, QuickEnvironment)]
    assert drawn[0] == drawn[1]
    assert "&lt;" in drawn[0]


@pytest.mark.parametrize("kind", [jinja2.Environment, QuickEnvironment])
def test_a_wrong_argument_of_a_macro_is_an_error(kind):
    template = _environment(kind).from_string("{% macro m(a) %}{% endmacro %}{{ m(1, what=2) }}")
    with pytest.raises(TypeError, match="takes no keyword argument 'what'"):
        template.render()


@pytest.fixture
def say(tmp_path):
    (tmp_path / "zh_Hans.po").write_text(
        'msgid "Hello %(name)s"\nmsgstr "<b>你好</b> %(name)s"\n\n'
        'msgid "100%% sure"\nmsgstr "100%% 确定"\n\n'
        'msgctxt "month"\nmsgid "May"\nmsgstr "五月"\n\n'
        'msgid "%(num)s call"\nmsgid_plural "%(num)s calls"\nmsgstr[0] "%(num)s 个电话"\n',
        encoding="utf-8",
    )
    load_catalogue("test_contexts", tmp_path)
    environment = _environment(QuickEnvironment)
    environment.globals.update(texts_of("test_contexts"))

    def drawn(source, language="zh"):
        with speaking(language):
            return environment.from_string("{{ " + source + " }}").render(name="<i>")

    return drawn


def test_values_are_escaped_into_texts_and_texts_are_markup(say):
    assert say("_('Hello %(name)s', name=name)") == "<b>你好</b> &lt;i&gt;"
    assert say("_('Hello %(name)s', name=name)", "en") == "Hello &lt;i&gt;"
    assert say("_('<hr>')") == "<hr>"
    assert (say("_('100%% sure')"), say("_('100%% sure')", "en")) == ("100% 确定", "100% sure")
    assert (say("pgettext('month', 'May')"), say("_('May')")) == ("五月", "May")


@pytest.mark.parametrize(("number", "zh", "en"), [(1, "1 个电话", "1 call"), (2, "2 个电话", "2 calls")])
def test_numbers_of_things(say, number, zh, en):
    asked = f"ngettext('%(num)s call', '%(num)s calls', {number})"
    assert (say(asked), say(asked, "en")) == (zh, en)
    asked = f"npgettext('nowhere', '%(num)s call', '%(num)s calls', {number})"
    assert say(asked) == en


@pytest.mark.parametrize(
    "value",
    ["<i>", "a&b", 'say "x"', "it's", "张三", "abc1", "", 7, 1.5, None, True, Markup("<b>"), Lazy(str, "<u>"), _ID],
)
def test_values_are_escaped_as_in_jinja(value):
    source = "{{ v }}{% set x %}{{ v }}{% endset %}{{ x }}{{ v if v else 0 }}{% autoescape false %}{{ v }}{% endautoescape %}"
    drawn = [_environment(kind).from_string(source).render(v=value) for kind in (jinja2.Environment, QuickEnvironment)]
    assert html.unescape(drawn[0]) == html.unescape(drawn[1])
    assert drawn[0].count("&") == drawn[1].count("&")


@pytest.mark.parametrize(
    "held", [{"name": "x", "items": 1}, {}, SimpleNamespace(name="x"), SimpleNamespace(), None, "text", {"name": None}]
)
def test_names_are_looked_up_as_in_jinja(held):
    source = "{{ held.name }}|{{ held.items is callable }}|{{ held.missing is defined }}|{{ held['name'] is defined }}"
    drawn = [
        _environment(kind).from_string(source).render(held=held) for kind in (jinja2.Environment, QuickEnvironment)
    ]
    assert drawn[0] == drawn[1]
