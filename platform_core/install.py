"""What a fresh database needs before anybody can work: roles, and the dictionaries' first entries."""

from __future__ import annotations

from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import speaking
from platform_core.kernel.models import DictionaryRow
from platform_core.permissions import presets


def seed(runtime: Runtime) -> None:
    """Idempotent: adds what is missing, changes nothing that an admin may have changed."""
    with runtime.database.system_session("seed roles and dictionaries") as session:
        presets.install(session, runtime.manager, runtime.settings.language)
        filled = set(session.scalars(select(DictionaryRow.dictionary).distinct()))
        with speaking(runtime.settings.language):
            for dictionary in (item.value for item in runtime.manager.declared.dictionaries.installed()):
                if dictionary.name in filled:
                    continue
                for entry in dictionary.entries:
                    session.add(
                        DictionaryRow(
                            dictionary=dictionary.name,
                            code=entry.code,
                            label=str(entry.label),
                            tone=entry.tone,
                            order=entry.order,
                            data=entry.data,
                        )
                    )
            runtime.hooks.seed(session)
        dictionaries.changed(session)
