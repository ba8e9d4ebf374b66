"""A plugin that holds to the contract, and for each check the one change that breaks it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

PLUGIN = '''
"""What the specimen adds."""

from __future__ import annotations

import pluggy
from baton_plugins.{name} import models, routes

from platform_core.api import (
    Customer, CustomerReference, DemoContext, DemoData, Dictionary, Entity, Job, NavItem, Permission, PluginInfo,
    Routes, ThroughCustomer, UserReference, now, translator,
)

_ = translator("{name}")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("{name}", _.lazy("Specimen"), _.lazy("Specimen"), "baton_plugins.{name}")


@hookimpl
def baton_entities() -> list[Entity]:
    return [Entity(models.Thing, ThroughCustomer(models.Thing, Customer))]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [CustomerReference(models.Thing, "customer_id", "delete")]


@hookimpl
def baton_user_references() -> list[UserReference]:
    return [UserReference(models.Thing, "keeper_id")]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [Permission("{name}.view", _.lazy("Specimen"))]


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return [Dictionary("{name}.colour", _.lazy("Specimen"))]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [NavItem("{name}", _.lazy("Specimen"), "/{name}", "star", "{name}.view")]


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/{name}", routes.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("{name}.count", models.count, every_seconds=3600)]


def _load(context: DemoContext) -> None:
    context.write(models.Thing, [{{"id": context.id_at(now()), "customer_id": item.id}} for item in context.customers])


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(90, _load)]
'''
MODELS = '''
"""Things of customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, DictionaryCode, Identified, JobContext


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Thing(Identified, Base):
    __tablename__ = "{name}_thing"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    keeper_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    counted: Mapped[int] = mapped_column(default=0)
    colour: Mapped[str] = mapped_column(DictionaryCode("{name}.colour"), default="")


def count(context: JobContext) -> None:
    with context.database.system_session("count things") as session:
        for thing in session.scalars(select(Thing)):
            thing.counted = 1
'''
ROUTES = '''
"""Pages of things."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.{name}.models import Thing
from sqlalchemy import select

from platform_core.api import (
    Actor, EntityRef, NotFound, Request, Response, Session, customer_get, customer_opened, get, page, record,
)


@get("/", permission="{name}.view", name="{name}:list")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    things = session.scalars(select(Thing).limit(20)).all()
    record(session, actor, "{name}.list", ids=[thing.id for thing in things])
    return page(request, "{name}/things.html", active="{name}", things=things)


@get("/things/{{thing_id:uuid}}", permission="{name}.view", name="{name}:thing")
def one(request: Request[Any, Any, Any], session: Session, actor: Actor, thing_id: UUID) -> Response[str]:
    thing = session.get(Thing, thing_id)
    if thing is None:
        raise NotFound
    record(session, actor, "{name}.view", customer_id=thing.customer_id)
    return page(request, "{name}/things.html", active="{name}", things=[thing])


@get("/of/{{customer_id:uuid}}", permission="{name}.view", name="{name}:of")
def of_customer(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    things = session.scalars(select(Thing).where(Thing.customer_id == customer.id)).all()
    return page(request, "{name}/things.html", active="{name}", things=things)


HANDLERS = [index, one, of_customer]
'''
MIGRATION = '''
"""Things."""

import sqlalchemy as sa
from alembic import op

revision = "{name}_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "{name}_thing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("keeper_id", sa.Uuid(), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers_customer.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["keeper_id"], ["users_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_{name}_thing_customer_id", "{name}_thing", ["customer_id"])


def downgrade() -> None:
    op.drop_table("{name}_thing")
'''
TEMPLATE = """{# things #}
{% extends "base.html" %}
{% block title %}{{ _('Specimen') }}{% endblock %}
{% block main %}
<ul>{% for thing in things %}<li>{{ thing.counted }}</li>{% endfor %}</ul>
{% endblock %}
"""
CATALOGUE = r"""msgid ""
msgstr ""
"Language: zh_Hans\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

msgid "Specimen"
msgstr "\u6837本"
""".replace("\\u6837", "\u6837")
README = "# Specimen\n\n## What it adds\n\n## Configuration\n\n## Permissions\n\n## Data\n"

Change = tuple[str, str, str]
"""File, what stands there ("" for a file to add or append to), and what instead."""
FLAWS: dict[str, tuple[str, Change]] = {
    "imports": (
        "test_it_imports_alone_and_only_the_facade",
        ("models.py", "from platform_core.api import COLUMN", "import platform_core.kernel.clock  # noqa\nfrom platform_core.api import COLUMN"),
    ),
    "hooks": (
        "test_its_hooks_are_known_and_typed_as_specified",
        ("plugin.py", "def baton_permissions() -> list[Permission]:", "def baton_permissions() -> dict[str, Permission]:"),
    ),
    "sizes": ("test_everything_can_be_read_in_one_go", ("models.py", "", "\n# and on\n" * 400)),
    "files": ("test_every_file_is_used", ("templates/forgotten.html", "", "{# nobody includes it #}\n")),
    "texts": ("test_every_text_is_translated", ("templates/things.html", "<ul>", "<p>Hello there</p><ul>")),
    "readme": ("test_the_readme_answers_what_everybody_asks", ("README.md", "## Permissions", "## Rights")),
    "names": ("test_it_loads_and_its_names_are_its_own", ("plugin.py", 'Dictionary("{name}.colour"', 'Dictionary("colour"')),
    "references": (
        "test_references_to_customers_are_declared",
        ("plugin.py", 'return [CustomerReference(models.Thing, "customer_id", "delete")]', "return []"),
    ),
    "people": (
        "test_references_to_people_are_declared",
        ("plugin.py", 'return [UserReference(models.Thing, "keeper_id")]', "return []"),
    ),
    "codes": (
        "test_codes_of_dictionaries_are_declared",
        ("models.py", 'DictionaryCode("{name}.colour")', 'DictionaryCode("customers.grade")'),
    ),
    "ondelete": (
        "test_references_to_customers_are_declared",
        ("migrations/0001.py", ', ondelete="CASCADE"', ""),
    ),
    "index": (
        "test_references_to_customers_are_declared",
        ("migrations/0001.py", '    op.create_index("ix_{name}_thing_customer_id", "{name}_thing", ["customer_id"])\n', ""),
    ),
    "migrations": ("test_its_migrations_go_both_ways", ("migrations/0001.py", 'op.drop_table("{name}_thing")', "pass")),
    "difference": (
        "test_its_migrations_go_both_ways",
        ("migrations/0001.py", "    op.create_table(\n", '    op.create_table("{name}_more", sa.Column("id", sa.Integer()))\n    op.create_table(\n'),
    ),
    "guards": (
        "test_every_address_is_guarded",
        ("routes.py", 'permission="{name}.view", name="{name}:list")\ndef index', 'permission="public", name="{name}:list")\ndef index'),
    ),
    "pages": ("test_every_page_answers", ("templates/things.html", "thing.counted", "thing.cuonted")),
    "queries": (
        "test_every_page_answers",
        ("routes.py", "    things = session.scalars(select(Thing).limit(20)).all()", "    for _number in range(20):\n        things = session.scalars(select(Thing).limit(20)).all()"),
    ),
    "openings": (
        "test_whoever_shows_a_customer_counts_it",
        ("routes.py", "    customer_opened(session", "    record(session, actor, \"{name}.view\")\n    0 and customer_opened(session"),
    ),
    "off": (
        "test_switched_off_nothing_of_it_is_left",
        ("routes.py", "HANDLERS =", 'may = Actor.can\nActor.can = lambda self, name: name.startswith("{name}.") or may(self, name)\nHANDLERS ='),
    ),
    "jobs": (
        "test_its_jobs_may_run_twice",
        ("models.py", "thing.counted = 1", "thing.counted += 1"),
    ),
}  # fmt: skip
"""What is wrong -> the check that finds it, and the change to the good specimen."""


def write(site: Path, name: str, *changes: Change) -> None:
    """Install the specimen, changed, into a folder that stands for site-packages."""
    package = site / "baton_plugins" / name
    files = {
        "__init__.py": "",
        "plugin.py": PLUGIN.lstrip().format(name=name),
        "models.py": MODELS.lstrip().format(name=name),
        "routes.py": ROUTES.lstrip().format(name=name),
        "migrations/0001.py": MIGRATION.lstrip().format(name=name),
        "templates/things.html": TEMPLATE,
        "locale/zh_Hans.po": CATALOGUE,
        "README.md": README,
    }
    for file, *texts in changes:
        old, new = (text.replace("{name}", name) for text in texts)
        assert old in files.get(file, ""), (name, file, old)
        files[file] = files[file].replace(old, new, 1) if old else files.get(file, "") + new
    readme = files.pop("README.md")
    for file, text in files.items():
        path = package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    info = site / f"baton_{name}-1.0.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: baton-{name}\nVersion: 1.0\nRequires-Dist: baton-crm\n\n"
    (info / "METADATA").write_text(head + readme, "utf-8")
    (info / "entry_points.txt").write_text(f"[baton.plugins]\n{name} = baton_plugins.{name}.plugin\n")


def suite(names: dict[str, str]) -> str:
    """A test module: class name -> plugin."""
    head = "from platform_core.testing.contract import PluginContract\n"
    return head + "".join(
        dedent(f"""

            class {cls}(PluginContract):
                plugin = "{name}"
        """)
        for cls, name in names.items()
    )
