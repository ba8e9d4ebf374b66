"""Jinja's context and gettext, made quicker: a page makes some 600 calls, and each was looked at four times before.

The same results as Jinja's own: tests/core/web/test_contexts.py compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import jinja2
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from platform_core.kernel.i18n import translator

_TEXTS = ("_", "gettext", "ngettext", "pgettext", "npgettext")


class QuickContext(Context):
    """Calls macros and plain functions directly. All others, and what happens in loops, are Jinja's business."""

    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        kind = type(obj)
        if kind is Macro:
            arguments = (self.eval_ctx, *args)
        elif kind is FunctionType and not hasattr(obj, "jinja_pass_arg"):
            arguments = args
        else:
            return super().call(obj, *args, **kwargs)
        if kwargs:
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
        return obj(*arguments, **kwargs)


class OwnTexts(jinja2.Template):
    """An included template would inherit the `_` of whoever includes it, and with it another owner's catalogue."""

    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  as Jinja has it
        shared: bool = False,  # noqa: FBT001, FBT002
        locals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> Context:
        if shared and (vars is None or vars.get("_") is not self.globals["_"]):
            vars = {**(vars or {}), **{name: self.globals[name] for name in _TEXTS}}  # noqa: A001
        return super().new_context(vars, shared, locals)


def texts_of(owner: str) -> dict[str, Callable[..., Markup]]:
    """The gettext functions of an owner's templates: markup, with values escaped into it."""
    texts = translator(owner)

    def gettext(message: str, /, **values: Any) -> Markup:
        return _filled(texts.text(message), values)

    def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> Markup:
        return _filled(texts.text_for(number, singular, plural), {"num": number, **values})

    def pgettext(context: str, message: str, /, **values: Any) -> Markup:
        return _filled(texts.text(message, context), values)

    def npgettext(context: str, singular: str, plural: str, number: int, /, **values: Any) -> Markup:
        return _filled(texts.text_for(number, singular, plural, context), {"num": number, **values})

    found: dict[str, Callable[..., Markup]] = {"_": gettext, "gettext": gettext, "ngettext": ngettext}
    return {**found, "pgettext": pgettext, "npgettext": npgettext}


def _filled(text: str, values: dict[str, Any]) -> Markup:
    """Every text is a format, with values or without: `%%` is always a per cent sign."""
    markup = Markup(text)  # noqa: S704  a text of the catalogue
    return markup % values if "%" in text else markup
