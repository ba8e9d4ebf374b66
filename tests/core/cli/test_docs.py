"""The reference of hooks is what the hook specifications say today."""

from __future__ import annotations

import inspect
from pathlib import Path

from platform_core.cli.docs import hook_functions, hooks_page
from platform_core.plugins import hookspecs

PAGE = Path(__file__).resolve().parents[3] / "docs" / "hooks.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == hooks_page(), "run `make docs`"


def test_the_page_has_every_hook() -> None:
    names = [name for name in vars(hookspecs) if name.startswith("baton_")]
    assert [name for name, _function in hook_functions()] == names
    assert {"baton_seed", "baton_startup", "baton_shutdown"} <= set(names)
    headings = [line.removeprefix("## ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("## ")]
    assert headings == names


def test_every_hook_is_a_contract_in_prose() -> None:
    """At most five typed arguments, a typed result, and a sentence on when it is called."""
    for name, function in hook_functions():
        signature = inspect.signature(function)
        annotations = [each.annotation for each in signature.parameters.values()]
        assert len(annotations) <= 5, name
        assert inspect.Signature.empty not in {*annotations, signature.return_annotation}, name
        assert "alled" in (function.__doc__ or ""), f"{name} does not say when it is called"
