"""What docs/security promises of the sources as a whole: things that are nowhere, and things that are everywhere."""

from __future__ import annotations

import ast
import re

from tests.architecture.checks import files

SECRET_FIELDS = {"password", "again", "current"}
CALLERS = {
    "httpx",
    "requests",
    "aiohttp",
    "urllib.request",
    "http.client",
    "smtplib",
    "ftplib",
    "telnetlib",
    "paramiko",
}
INTERPRETERS = {"ldap", "ldap3", "lxml", "pylatex", "memcache", "pymemcache", "pickle", "yaml", "jsonpickle", "xmlrpc"}
"""Languages and formats whose injection nobody has to think of, since nothing speaks them."""
_FIELD = re.compile(r"field\(\s*'(\w+)'(.*)")


def imported(path: str, text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def importers(modules: set[str], owners: tuple[str, ...]) -> dict[str, set[str]]:
    """File -> which of the modules it imports; tests and the testing kit are not shipped with a running house."""
    found = {}
    for path in files.paths(".py", under=owners):
        name = path.relative_to(files.ROOT).as_posix()
        if files.is_test(name) or name.startswith("platform_core/testing/"):
            continue
        here = {
            each for each in imported(name, path.read_text("utf-8")) if each in modules or each.split(".")[0] in modules
        }
        if here:
            found[name] = here
    return found


def test_passwords_are_hidden_while_typed_and_managers_of_passwords_may_help():
    seen = 0
    for path in files.paths(".html", under=files.OWNERS):
        for line in path.read_text("utf-8").splitlines():
            match = _FIELD.search(line)
            if match and match[1] in SECRET_FIELDS:
                seen += 1
                assert "type='password'" in line, path
                assert re.search(r"'autocomplete': '(new|current)-password'", line), path
    assert seen >= 5
    scripts = [
        path.read_text("utf-8") for path in files.paths(".js", under=("platform_core/web/static_src", "plugins"))
    ]
    assert len(scripts) > 5
    assert not [text for text in scripts if re.search(r"['\"]paste['\"]|onpaste", text)]


def test_the_core_calls_nobody():
    """Plugins that send messages name their peers in their settings; the core talks to its database and to Redis."""
    assert importers(CALLERS, ("platform_core",)) == {}


def test_nothing_speaks_languages_that_are_injected_into():
    assert importers(INTERPRETERS, files.OWNERS) == {}


def test_the_search_for_imports_finds_them():
    source = "import pickle\nfrom urllib import request\nfrom lxml.etree import XML\nimport http.client as c\n"
    assert {"pickle", "urllib.request", "lxml.etree", "http.client"} <= imported("a.py", source)


def test_keys_and_data_are_outside_of_version_control():
    ignored = (files.ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"/var/", ".env"} <= set(ignored)
    assert not [
        path
        for path in files.paths(".json", ".pem", ".key")
        if "secret" in path.name or path.suffix in {".pem", ".key"}
    ]
