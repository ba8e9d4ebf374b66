"""What every plugin holds to, inherited in three lines.

    class TestContract(PluginContract):
        plugin = "loyalty"

Runs on SQLite and PostgreSQL, on a small demo house that the plugin's own `baton_demo_data` has a part in, under each
theme and in both languages. docs/plugin-writers/testing.md says what each check wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.checks import codes, pages, sources, tables
from platform_core.testing.checks.sources import Subject
from platform_core.testing.queries import QueryCounter


class PluginContract:
    """Inherit it and name the plugin; the rest is for those whom the defaults do not fit."""

    plugin: ClassVar[str] = ""
    parameters: ClassVar[Mapping[str, Any]] = {}
    """Values of path and query parameters that are not the id of a row in a table of that name."""
    job_arguments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Job -> arguments to try it with; scheduled jobs have none."""
    public_routes: ClassVar[frozenset[str]] = frozenset()
    """Names of routes that anybody may call."""
    most_queries: ClassVar[int] = 12
    """Statements per page."""

    @pytest.fixture
    def subject(self) -> Subject:
        return sources.subject(self.plugin)

    @pytest.fixture
    def house(self, runtime: Runtime, browser: Browser) -> pages.House:
        return pages.House.build(runtime, browser, self.plugin, self.parameters)

    @pytest.fixture
    def empty_database(self, backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
        if backend == "sqlite":
            yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
            return
        with services.clone_database(request.getfixturevalue("postgres_url")) as url:
            yield url

    def test_it_imports_alone_and_only_the_facade(self, subject: Subject) -> None:
        _none(sources.imports(subject))

    def test_its_hooks_are_known_and_typed_as_specified(self, subject: Subject) -> None:
        _none(sources.hooks(subject))

    def test_everything_can_be_read_in_one_go(self, subject: Subject) -> None:
        _none(sources.sizes(subject))

    def test_every_file_is_used(self, subject: Subject) -> None:
        _none(sources.unused_files(subject))

    def test_every_text_is_translated(self, subject: Subject) -> None:
        _none(sources.untranslated(subject))

    def test_the_readme_answers_what_everybody_asks(self, subject: Subject) -> None:
        _none(sources.headings(subject))

    def test_it_loads_and_its_names_are_its_own(self, runtime: Runtime) -> None:
        found = runtime.manager.plugins[self.plugin]
        assert found.state == "enabled", found.reason
        _none(tables.own_names(runtime.manager, self.plugin))

    def test_references_to_people_are_declared(self, runtime: Runtime, session: Session) -> None:
        _none(tables.people(session, runtime.manager, self.plugin))

    def test_references_to_customers_are_declared(self, runtime: Runtime, session: Session) -> None:
        _none(tables.references(session, runtime.manager, self.plugin))

    def test_codes_of_dictionaries_are_declared(self, subject: Subject, runtime: Runtime) -> None:
        _none(codes.hidden(subject, runtime.manager))

    def test_its_migrations_go_both_ways(self, runtime: Runtime, empty_database: str) -> None:
        _none(tables.both_ways(runtime, empty_database, self.plugin))

    def test_every_address_is_guarded(self, house: pages.House) -> None:
        _none(pages.guards(house))
        assert pages.public(house) == sorted(self.public_routes)

    def test_every_page_answers(self, house: pages.House, count_queries: QueryCounter) -> None:
        _none(pages.rendering(house, count_queries, self.most_queries))

    def test_whoever_shows_a_customer_counts_it(self, house: pages.House) -> None:
        _none(pages.openings(house))

    def test_switched_off_nothing_of_it_is_left(self, house: pages.House) -> None:
        _none(pages.switched_off(house))

    def test_its_jobs_may_run_twice(self, house: pages.House) -> None:
        _none(pages.jobs_twice(house, self.job_arguments))


def _none(findings: list[str]) -> None:
    assert not findings, "\n".join(findings)
