"""Whether every column that holds codes of a dictionary says so: what does not would keep codes that are merged."""

from __future__ import annotations

import ast

from sqlalchemy import String

from platform_core.kernel.model import METADATA
from platform_core.kernel.types import DictionaryCode
from platform_core.plugins.manager import PluginManager
from platform_core.testing.checks.sources import Subject


def hidden(plugin: Subject, manager: PluginManager) -> list[str]:
    """A column that is named as a dictionary the plugin speaks of, or as a field whose codes its audit words read.

    One that holds something else says so: `mapped_column(String(20), info={"codes_of": ""})`.
    """
    declared = manager.declared
    known = {item.value.name: item for item in declared.dictionaries.installed() if not item.value.apart}
    meant = {name.rpartition(".")[2]: name for name in sorted(_spoken_of(plugin) & known.keys())}
    for item in declared.audit_words.installed():
        if item.owner == plugin.name:
            meant |= {field: name for field, name in item.value.dictionaries.items() if name in known}
    found = [
        f"{table.name}.{column.name} holds codes of {meant[column.name]} and is no DictionaryCode: none could be merged"
        for table in declared.tables.get(plugin.name, ())
        for column in table.columns
        if column.name in meant and isinstance(column.type, String) and not isinstance(column.type, DictionaryCode)
        if "codes_of" not in column.info
    ]
    held = {
        column.type.dictionary
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, DictionaryCode)
    }
    return found + [
        f"the dictionary {name} is held by no column: say which one by DictionaryCode, or why its entries stay apart"
        for name, item in known.items()
        if item.owner == plugin.name and name not in held
    ]


def _spoken_of(plugin: Subject) -> set[str]:
    """Texts that stand alone in its modules."""
    return {
        node.value
        for path in plugin.files(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
