from __future__ import annotations

import pytest

from tests.architecture.checks import files, sizes


@pytest.mark.parametrize(
    ("check", "suffix", "under"),
    [
        (sizes.modules, ".py", (".",)),
        (sizes.functions, ".py", (".",)),
        (sizes.templates, ".html", ("platform_core", "plugins", "themes")),
    ],
    ids=["modules", "functions", "templates"],
)
def test_everything_can_be_read_in_one_go(check, suffix, under):
    assert files.run(check, suffix, under=under) == []


@pytest.mark.parametrize(
    ("check", "path", "good", "bad"),
    [
        (sizes.modules, "platform_core/kernel/clock.py", "x = 1\n" * 400, "x = 1\n" * 401),
        (sizes.modules, "plugins/a/baton_plugins/a/plugin.py", "x = 1\n" * 100, "x = 1\n" * 101),
        (sizes.templates, "platform_core/web/templates/base.html", "<p></p>\n" * 150, "<p></p>\n" * 151),
        (sizes.functions, "bench/run.py", "def f():\n" + "    x = 1\n" * 59, "def f():\n" + "    x = 1\n" * 60),
        (
            sizes.functions,
            "a/b.py",
            "class A:\n  async def f(self):\n" + "    x = 1\n" * 59,
            "class A:\n  async def f(self):\n" + "    x = 1\n" * 60,
        ),
    ],
)
def test_one_line_too_many_is_found(check, path, good, bad):
    assert check(path, good) == []
    assert len(check(path, bad)) == 1


def test_demo_data_migrations_and_stories_may_be_long():
    migration = "migrations/versions/core_0001.py"
    assert sizes.modules(migration, "x = 1\n" * 5000) == []
    assert sizes.functions(migration, "def f():\n" + "    x = 1\n" * 90) == []
    assert sizes.modules("platform_core/demo/data/names.py", "x = 1\n" * 5000) == []
    assert sizes.functions("tests/e2e/test_story.py", "def f():\n" + "    x = 1\n" * 90) == []
