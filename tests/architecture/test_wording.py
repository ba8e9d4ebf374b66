from __future__ import annotations

import pytest

from tests.architecture.checks import files, wording


def test_no_chinese_in_code_and_templates():
    assert files.run(wording.han, ".py", ".html", ".js", ".css") == []


def test_nothing_names_a_registry_or_a_path_of_some_machine():
    assert files.run(wording.foreign) == []


def test_no_merge_is_left_unfinished():
    assert files.run(wording.unmerged) == []
    marks = [f"{sign * 7} Updated upstream" for sign in "<>"]
    assert len(wording.unmerged("docs/a.md", "\n".join(["ours", marks[0], "=" * 7, marks[1], "=" * 8]))) == 3


@pytest.mark.parametrize("text", ["客户", "label = '公海'", "x = 1  # 交棒", "\u3400", "\U00020000"])
def test_chinese_is_found(text):
    assert wording.han("platform_core/web/pages.py", text)
    assert wording.han("platform_core/web/templates/base.html", f"<p>\n{text}</p>") == [
        f"platform_core/web/templates/base.html:2: Chinese in code: {text}</p>"
    ]


@pytest.mark.parametrize(
    "path", ["tests/core/test_x.py", "plugins/activities/tests/test_x.py", "platform_core/demo/data/names.py"]
)
def test_chinese_is_allowed_in_data(path):
    assert wording.han(path, "张伟") == []


def test_escapes_and_full_width_punctuation_are_no_chinese():
    assert wording.han("platform_core/kernel/cells.py", r"'\u5ba2' + '，'") == []


@pytest.mark.parametrize(
    "host",
    ["pypi org", "files pythonhosted org", "registry npmjs org", "deb debian org", "mirrors example com", "unpkg com"],
)
def test_registry_is_found(host):
    address = f'"resolved": "https://{host.replace(" ", ".")}/x.tgz"'
    assert len(wording.foreign("package-lock.json", address)) == 1


@pytest.mark.parametrize("parts", [("work", "main"), ("work",), ("root", ".cache"), ("home", "ann", "baton")])
def test_path_of_some_machine_is_found(parts):
    path = "/" + "/".join(parts)
    assert wording.foreign("scripts/x", f"cd {path}")
    assert wording.foreign("scripts/x", f'"{path}"')


@pytest.mark.parametrize(
    "text", ["/workbench", "docs/work/", "https://example.com/work", "/usr/lib/postgresql", "/tmp/x", "$HOME/.cache"]
)
def test_ordinary_paths_pass(text):
    assert wording.foreign("README.md", text) == []
