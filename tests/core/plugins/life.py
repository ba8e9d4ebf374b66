"""A deployment of its own, run by real processes, and a specimen plugin that is installed into it, updated, removed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from platform_core.__main__ import main
from platform_core.app import BUILTINS

PLUGIN = '''
"""What the specimen adds."""

import click
import pluggy
from baton_plugins.{name} import models
from sqlalchemy import select

from platform_core.api import (
    Actor, AuditWords, Customer, CustomerReference, Dictionary, DictionaryEntry, Entity, EntityRef, Fact, PastLine,
    Permission, PluginInfo, ThroughEngagement, now, record, translator,
)

_ = translator("{name}")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("{name}", "{title}", "cards", "baton_plugins.{name}")


@hookimpl
def baton_entities():
    mine = (models.Card, models.Stamp)
    return [Entity(model, ThroughEngagement(model, Customer, permission="{name}.view")) for model in mine]


@hookimpl
def baton_customer_references():
    line = PastLine("gave a card", at="at", permission="{name}.view", who="by_label", text="note", icon="star")
    return [
        CustomerReference(models.Card, "customer_id", "keep", label="Cards", blank=("note",), line=line),
        CustomerReference(models.Stamp, "customer_id", "delete", label="Stamps"),
    ]


@hookimpl
def baton_permissions():
    return [Permission("{name}.view", "See cards")]


@hookimpl
def baton_default_grants():
    return {{"management": {{"{name}.view": "all"}}, "coordinator": {{"{name}.view": "own"}}}}


@hookimpl
def baton_audit_words():
    return [AuditWords("{name}", {{"{name}.give": "gave a customer a card"}}, {{"colour": "Colour of the card"}})]


@hookimpl
def baton_dictionaries():
    return [Dictionary("{name}.colour", "Colours", (DictionaryEntry("red", "Red"),))]


@hookimpl
def baton_customer_facts(session, customer):
    return [Fact("Cards", "{version} " + str(len(session.scalars(select(models.Card)).all())))]


@click.command()
@click.argument("code")
@click.pass_obj
def give(session, code):
    customer = session.scalars(select(Customer).where(Customer.code == code)).one()
    card = models.Card(customer_id=customer.id, by_label="Old Hand", note="a gold one", at=now())
    session.add(card)
    session.flush()
    session.add(models.Stamp(customer_id=customer.id, card_id=card.id))
    ref = EntityRef("{name}", "card", card.id, "Gold card")
    record(session, None, "{name}.give", ref, customer_id=customer.id, after={{"colour": "gold"}})
    click.echo("given")


@hookimpl
def baton_commands():
    return [give]
'''

MODELS = """
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified, UtcDateTime, now


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Card(Identified, Base):
    __tablename__ = "{name}_card"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_label: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")
{extra}

class Stamp(Identified, Base):
    __tablename__ = "{name}_stamp"

    card_id: Mapped[UUID] = mapped_column(ForeignKey("{name}_card.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
"""

FIRST = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0001"
down_revision = None


def upgrade():
    customer = sa.ForeignKey("customers_customer.id", ondelete="CASCADE")
    op.create_table(
        "{name}_card",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("customer_id", sa.Uuid(), customer, nullable=False),
        sa.Column("engagement_id", sa.Uuid()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_label", sa.String(120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "{name}_stamp",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("card_id", sa.Uuid(), sa.ForeignKey("{name}_card.id", ondelete="CASCADE"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), sa.ForeignKey("customers_customer.id", ondelete="CASCADE"), nullable=False),
        sa.Column("engagement_id", sa.Uuid()),
    )


def downgrade():
    op.drop_table("{name}_stamp")
    op.drop_table("{name}_card")
"""

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0002"
down_revision = "{name}_0001"


def upgrade():
    with op.batch_alter_table("{name}_card") as batch:
        batch.add_column(sa.Column("level", sa.String(20), nullable=False, server_default="plain"))


def downgrade():
    with op.batch_alter_table("{name}_card") as batch:
        batch.drop_column("level")
"""

THIRD_FAILS = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0003"
down_revision = "{name}_0002"


def upgrade():
    op.create_table("{name}_half", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("UPDATE {name}_card SET note = 'spoilt'")
    with op.batch_alter_table("{name}_card") as batch:
        batch.drop_column("by_label")
    op.execute("INSERT INTO nothing_of_that_name VALUES (1)")


def downgrade():
    op.drop_table("{name}_half")
"""


_COMMANDS = multiprocessing.get_context("forkserver")
"""Each command is a process; the libraries, which no deployment changes, are read once for all of them."""
_COMMANDS.set_forkserver_preload(["platform_core.__main__", *BUILTINS])


def _run(arguments: tuple[str, ...], environment: dict[str, str], site: Path, asked: Path, heard: Path) -> None:
    """What `python -m platform_core` does, in a process that has just begun."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, str(site))
    sys.argv = ["baton", *arguments]
    sys.stdin = asked.open()
    with heard.open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    main()


@dataclass
class Deployment:
    """`site` stands for site-packages: what lies there is installed."""

    folder: Path
    url: str
    site: Path = field(init=False)

    def __post_init__(self) -> None:
        self.site = self.folder / "site"
        self.site.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        return kept | {
            "BATON_DATABASE_URL": self.url,
            "BATON_DATA_DIR": str(self.folder),
            "PYTHONPATH": str(self.site),
        }

    def baton(self, *arguments: str, fails: bool = False, stdin: str = "") -> str:
        """Run `baton …` in a process of its own. Returns what it said, on both channels."""
        heard, asked = self.folder / "heard", self.folder / "asked"
        asked.write_text(stdin)
        command = _COMMANDS.Process(target=_run, args=(arguments, self.environment, self.site, asked, heard))
        command.start()
        command.join(120)
        if command.is_alive():
            command.kill()
        said = heard.read_text()
        assert (command.exitcode != 0) is fails, said
        command.close()
        return said

    def install(self, name: str, version: str = "1", title: str = "Loyalty") -> None:
        """Versions: 1; 2 adds a column; 3 has a migration that fails half-way after the one of 2."""
        self.uninstall(name)
        package = self.site / "baton_plugins" / name
        versions = package / "migrations"
        versions.mkdir(parents=True)
        extra = '    level: Mapped[str] = mapped_column(String(20), default="plain")\n' if version > "1" else ""
        (package / "__init__.py").touch()
        (package / "models.py").write_text(dedent(MODELS).format(name=name, extra=extra))
        (package / "plugin.py").write_text(PLUGIN.format(name=name, title=title, version=version))
        for number, text in enumerate((FIRST, SECOND, THIRD_FAILS)[: int(version)], 1):
            (versions / f"{name}_{number:04}.py").write_text(text.format(name=name))
        info = self.site / f"baton_{name}-{version}.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: baton-{name.replace('_', '-')}\nVersion: {version}.0\n"
            "Requires-Dist: baton-crm\n"
        )
        (info / "entry_points.txt").write_text(f"[baton.plugins]\n{name} = baton_plugins.{name}.plugin\n")

    def uninstall(self, name: str) -> None:
        shutil.rmtree(self.site / "baton_plugins" / name, ignore_errors=True)
        for info in self.site.glob(f"baton_{name}-*.dist-info"):
            shutil.rmtree(info)
