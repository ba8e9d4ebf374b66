"""Specimen plugins: written into a folder, found through real packaging metadata, thrown away afterwards."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from platform_core.app import Runtime
from platform_core.kernel.model import METADATA
from platform_core.plugins import checks
from platform_core.testing.pytest_plugin import make_settings
from tests.core.plugins.specimens import ROOT

HEAD = """
import pluggy
from platform_core.api import *
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("{name}", "{name}", "a specimen", "baton_plugins.{name}")
"""

Install = Callable[..., None]


@pytest.fixture
def install(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install(name, code, requires=[…], files={…})` makes an installed distribution of a specimen.

    After `runtime`, which all tests share and which would load the specimen for good.
    """
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def make(
        name: str, code: str = "", *, requires: tuple[str, ...] = ("baton-crm",), head: str = HEAD, **files: str
    ) -> None:
        package = site / "baton_plugins" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "plugin.py").write_text(head.format(name=name) + dedent(code))
        for file, text in files.items():
            (package / f"{file}.py").write_text(dedent(text))
        info = site / f"baton_{name}-1.0.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {item}\n" for item in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: baton-{name}\nVersion: 1.0\n{needs}")
        (info / "entry_points.txt").write_text(f"[baton.plugins]\n{name} = baton_plugins.{name}.plugin\n")
        importlib.invalidate_caches()
        import baton_plugins

        baton_plugins.__path__._recalculate()

    yield make
    for module in [
        name for name in sys.modules if name.startswith("baton_plugins.") and hasattr(sys.modules[name], "__file__")
    ]:
        if str(site) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


@pytest.fixture
def specimens(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Path]]]:
    """`specimens("raising_hook", …)` installs them for this test and returns their folders."""
    import baton_plugins

    tables = set(METADATA.tables)
    installed: list[str] = []

    def install(*names: str) -> list[Path]:
        for name in names:
            if name not in installed:
                installed.append(name)
                monkeypatch.syspath_prepend(str(ROOT / name))
        importlib.invalidate_caches()
        baton_plugins.__path__._recalculate()
        return [ROOT / name for name in names]

    yield install
    for name in installed:
        checks.forget(f"baton_plugins.{name}", ())
    for name in set(METADATA.tables) - tables:
        METADATA.remove(METADATA.tables[name])
    monkeypatch.undo()
    baton_plugins.__path__._recalculate()


@pytest.fixture
def show(runtime: Runtime, tmp_path: Path, specimens: Callable[..., list[Path]]) -> Iterator[Callable[..., Runtime]]:
    """`show("raising_hook", …, strict=False, migrate=False)`: a process with these and the first-party plugins."""
    started: list[Runtime] = []

    def make(*names: str, strict: bool = False, migrate: bool = False, limit: int = 5000) -> Runtime:
        specimens(*names)
        listed = {"activities", "opportunities", "baton-false-customers", *names}
        settings = make_settings(
            runtime.settings.database_url, tmp_path / "data", strict_plugins=strict, hook_limit_ms=limit,
            allowed_plugins=frozenset(listed), secret_file=runtime.settings.secret_file,
        )  # fmt: skip
        found = Runtime(settings)
        started.append(found)
        if migrate:
            found.migrate()
        found.follow()
        return found

    yield make
    for item in started:
        item.database.dispose()
