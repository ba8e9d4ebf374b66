"""What thirty plugins cost: a page with all of them enabled and with none, a call through a hook, the start."""

from __future__ import annotations

import compileall
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import people, raw, stands
from bench.clients import Call
from bench.results import Result
from bench.stands import Stand
from platform_core.app import Runtime

PLUGINS = 30
_ADDED = 1.0
"""Milliseconds that thirty plugins may add to a page by being there."""
_START = 3.0
"""Seconds until the first answer."""
_TURNS = 30
_ASKED = 10
"""Requests of a turn, after one that is not counted: it puts the lists together that change with the switch."""
_CALLS = 400
_CODE = '''
"""A plugin with a page, a right, a line of navigation and every hook of the customer page, with nothing to say."""

import pluggy
from platform_core.api import NavItem, Permission, PluginInfo, Response, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@get("/{name}", permission="{name}.view", name="{name}:index")
def index(request, session, actor) -> Response[str]:
    return Response("")


@hookimpl
def baton_plugin_info():
    return PluginInfo("{name}", "{name}", "measured", "baton_plugins.{name}")


@hookimpl
def baton_permissions():
    return [Permission("{name}.view", "{name}")]


@hookimpl
def baton_navigation():
    return [NavItem("{name}", "{name}", "/{name}", "plug", "{name}.view")]


@hookimpl
def baton_routes():
    return [Routes("/", [index])]


@hookimpl
def baton_customer_facts(session, actor, customer):
    return []


@hookimpl
def baton_customer_panels(session, actor, customer):
    return []


@hookimpl
def baton_customer_actions(session, actor, customer):
    return []


@hookimpl
def baton_customer_timeline(session, actor, query):
    return []
'''


def measure(stand: Stand) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="baton-plugins-") as folder, _installed(Path(folder)) as names:
        runtime = Runtime(stand.settings)
        runtime.follow()
        person = next(person for person in people.of_every_scope(runtime) if person.scope == "own")
        with raw.in_process(runtime) as client:
            call = Call(f"/customers/{person.customers[0]}", person)
            yield _page(runtime, names, lambda: client.request(call.method, call.path, headers=call.headers))
            yield _hook(runtime, names)
        yield from _starts(stand, Path(folder))


@contextmanager
def _installed(folder: Path) -> Iterator[frozenset[str]]:
    names = frozenset(f"measured{number:02}" for number in range(PLUGINS))
    for name in names:
        package = folder / "baton_plugins" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "plugin.py").write_text(_CODE.replace("{name}", name))
        info = folder / f"baton_{name}-1.0.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.1\nName: baton-{name}\nVersion: 1.0\nRequires-Dist: baton-crm\n"
        (info / "METADATA").write_text(head)
        (info / "entry_points.txt").write_text(f"[baton.plugins]\n{name} = baton_plugins.{name}.plugin\n")
    compileall.compile_dir(folder, quiet=1)  # as installing a package does
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield names
    finally:
        sys.path.remove(str(folder))


def _page(runtime: Runtime, names: frozenset[str], ask: Callable[[], Any]) -> Result:
    """Some requests with, some without, in turn, so that whatever else slows the machine slows both."""
    manager = runtime.manager
    every = manager.enabled
    if not names <= every:
        raise RuntimeError(f"not enabled: {', '.join(sorted(names - every))}")
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _turn in range(_TURNS):
        for plugged in (True, False):
            manager.enabled = every if plugged else every - names
            ask()
            for _number in range(_ASKED):
                began = time.perf_counter()
                answer = ask()
                taken[plugged].append(time.perf_counter() - began)
                if answer.status_code != 200:
                    raise RuntimeError(f"{answer.status_code} {answer.text[:300]}")
    manager.enabled = every
    plain, full = median(taken[False]) * 1000, median(taken[True]) * 1000
    detail = f"customer page {plain:.1f} ms without, {full:.1f} ms with, medians of {_TURNS * _ASKED} requests each"
    return Result(f"plugins: {PLUGINS} enabled add to a page", full - plain, "ms", _ADDED, detail)


def _hook(runtime: Runtime, names: frozenset[str]) -> Result:
    manager = runtime.manager
    modules = [plugin.module for name, plugin in manager.plugins.items() if name in names]
    plain = [module.baton_customer_actions for module in modules if module is not None]
    every, manager.enabled = manager.enabled, names
    nothing: Any = None
    try:
        through = _each(lambda: runtime.hooks.customer_actions(nothing, nothing, nothing))
    finally:
        manager.enabled = every
    direct = _each(lambda: [call(None, None, None) for call in plain])
    return Result("plugins: a call through a hook", through, "us", None, f"{direct:.2f} us as a plain call")


def _each(call: Callable[[], object]) -> float:
    """Microseconds of one of the thirty calls that `call` makes."""
    rounds = []
    for _round in range(9):
        began = time.perf_counter()
        for _number in range(_CALLS):
            call()
        rounds.append((time.perf_counter() - began) / _CALLS / PLUGINS)
    return median(rounds) * 1e6


def _starts(stand: Stand, folder: Path) -> Iterator[Result]:
    without = min(_start(stand) for _number in range(3))
    os.environ["PYTHONPATH"] = str(folder)  # as the server's process will have it
    try:
        full = min(_start(stand) for _number in range(3))
    finally:
        del os.environ["PYTHONPATH"]
    detail = f"{without:.1f} s without; until /healthz answers"
    yield Result(f"plugins: start with {PLUGINS}", full, "s", _START, detail)


def _start(stand: Stand) -> float:
    began = time.monotonic()
    with stands.served(stand):
        return time.monotonic() - began
