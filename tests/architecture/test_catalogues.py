from __future__ import annotations

from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from tests.architecture.checks import catalogues


def test_every_text_has_its_chinese():
    assert catalogues.check(catalogues.owners()) == []


def test_extraction_sees_every_form(tmp_path):
    package = tmp_path / "platform_core" / "customers"
    (package / "templates").mkdir(parents=True)
    (tmp_path / "platform_core" / "__init__.py").touch()
    (package / "__init__.py").write_text(
        "_('plain')\n_.ngettext('one', 'many', 2)\n_.pgettext('menu', 'Open')\nL = _.lazy('lazy')\nnoop('stored')\n"
        "_(\n    'over '\n    'two lines'\n)\n"
    )
    (package / "templates" / "a.html").write_text(
        "<p>\n{{ _('in a page') }}{{ ngettext('row', 'rows', n) }}{{ pgettext('brand', 'Baton') }}{{ f(_('inner')) }}</p>"
    )
    (tmp_path / "platform_core" / "settings.py").write_text("_('loose')")
    core, customers = catalogues.owners(tmp_path)
    assert set(core.used) == {("", "loose")}
    assert set(customers.used) == {
        *(("", text) for text in ("plain", "one", "lazy", "stored", "over two lines", "in a page", "row", "inner")),
        ("menu", "Open"),
        ("brand", "Baton"),
    }
    assert customers.used["", "in a page"] == "platform_core/customers/templates/a.html:2"
    assert len(catalogues.check([core, customers])) == 11


def owner(path: str, used: str, **translations: str) -> catalogues.Owner:
    catalogue = Catalog(locale="zh_Hans")
    for english, chinese in translations.items():
        catalogue.add(english, chinese)
    return catalogues.Owner(path, {("", word): f"{path}/x.py:1" for word in used.split()}, catalogue)


def test_missing_and_left_over_messages_are_found():
    findings = catalogues.check([owner("plugins/a", "Save Open", Save="保存", Close="关闭")])
    assert findings == [
        "plugins/a/x.py:1: no Chinese for 'Open' in plugins/a/locale/zh_Hans.po",
        "plugins/a/locale/zh_Hans.po: 'Close' is used nowhere",
    ]


def test_shared_catalogue_serves_others_and_may_not_hold_what_nobody_uses():
    shared = owner(catalogues.SHARED, "", Save="保存", Close="关闭")
    findings = catalogues.check([shared, owner("plugins/a", "Save")])
    assert findings == [f"{catalogues.SHARED}/locale/zh_Hans.po: 'Close' is used nowhere"]


def test_obsolete_entries_are_found():
    written = BytesIO()
    catalogue = Catalog(locale="zh_Hans")
    catalogue.obsolete["Old"] = Message("Old", "旧")
    write_po(written, catalogue)
    written.seek(0)
    findings = catalogues.check([catalogues.Owner("plugins/a", {}, read_po(written, locale="zh_Hans"))])
    assert findings == ["plugins/a/locale/zh_Hans.po: obsolete entry Old"]


@pytest.mark.parametrize(
    ("message", "finding"),
    [
        (Message("Save", ""), "not translated"),
        (Message(("row", "rows"), ("",)), "not translated"),
        (Message("Save", "保存", flags=["fuzzy"]), "fuzzy"),
        (Message("%(name)s left", "离开了"), "other placeholders"),
        (Message("%(name)s left", "%(nam)s离开了"), "other placeholders"),
        (Message(("%(num)s row", "%(num)s rows"), ("行",)), "other placeholders"),
        (Message("Save, please", "保存,谢谢"), "half-width"),
        (Message("Name:", "姓名:"), "half-width"),
        (Message("Really?", "真的?"), "half-width"),
        (Message("(optional)", "(选填)"), "half-width"),
        (Message("Done.", "完成."), "half-width"),
        (Message("You", "您"), "polite"),
    ],
)
def test_bad_translation_is_found(message, finding):
    findings = catalogues.check_message(message)
    assert any(finding in line for line in findings)


@pytest.mark.parametrize(
    "message",
    [
        Message("Save", "保存"),
        Message("%(a)s of %(b)s: 5 %%", "%(b)s中的%(a)s：5%%"),
        Message(("%(num)s row", "%(num)s rows"), ("%(num)s行",)),
        Message(("one customer", "%(num)s customers"), ("%(num)s位客户",)),
        Message("Write 12,800.00 (yuan), please.", "请写12,800.00（元）。"),
        Message("{name}: v1.2", "{name}：v1.2"),
    ],
)
def test_good_translation_passes(message):
    assert catalogues.check_message(message) == []
