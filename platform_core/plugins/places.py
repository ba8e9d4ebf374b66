"""Where in a plugin's own files something is wrong: `baton_plugins/loyalty/panels.py:12`."""

from __future__ import annotations

import inspect
import linecache
import traceback
from importlib.metadata import Distribution
from typing import Any

TELLING = (ImportError, NameError, AttributeError, TypeError, SyntaxError)
"""Errors whose text is about code. That of others may hold a customer's data, and more people read it."""


class PluginError(ValueError):
    """A plugin's fault in strict mode; the text names the plugin, the reason and the place."""


def of_error(error: BaseException, package: str) -> str:
    """The innermost line of `package` (import name) on the error's way; else the innermost line of all."""
    if isinstance(error, SyntaxError) and error.filename:
        return _line(error.filename, error.lineno or 1, package)
    frames = traceback.extract_tb(error.__traceback__)
    inside = _path(package)
    for frame in reversed(frames):
        if inside in frame.filename:
            return _line(frame.filename, frame.lineno or 1, package)
    cause = error.__cause__ or error.__context__
    if cause is not None and cause is not error:
        return of_error(cause, package)
    return _line(frames[-1].filename, frames[-1].lineno or 1, package) if frames else ""


def of_object(thing: Any, package: str) -> str:
    """Where a function or class is written, a module's first line; empty for what has no source."""
    if inspect.ismodule(thing):
        return _line(thing.__file__ or "", 1, package)
    try:
        thing = inspect.unwrap(thing) if callable(thing) else type(thing)
        file = inspect.getsourcefile(thing)
        _lines, number = inspect.getsourcelines(thing)
    except (OSError, TypeError):
        return ""
    return _line(file or "", number, package)


def of_metadata(distribution: Distribution | None, file: str, words: str) -> str:
    """The line of a packaging file that contains `words`."""
    if distribution is None:
        return ""
    text = distribution.read_text(file) or ""
    number = next((number for number, line in enumerate(text.splitlines(), 1) if words in line), 1)
    folder = getattr(distribution, "_path", None)
    return f"{folder.name}/{file}:{number}" if folder is not None else f"{file}:{number}"


def code_at(error: BaseException, package: str) -> str:
    """The source line that raised, which says more than the class and holds nobody's data."""
    inside = _path(package)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if inside in frame.filename:
            return (frame.line or linecache.getline(frame.filename, frame.lineno or 1)).strip()[:200]
    return ""


def _path(package: str) -> str:
    return "/" + package.replace(".", "/") + "/"


def _line(file: str, number: int, package: str) -> str:
    """Without the folders in front: they say where this machine keeps its packages."""
    inside = _path(package)
    start = file.rfind(inside)
    if start >= 0:
        return f"{file[start + 1 :]}:{number}"
    return f"{'/'.join(file.rsplit('/', 3)[1:])}:{number}"
