"""Nothing that is hidden elsewhere is found in the trail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_core.audit import masking
from platform_core.contracts.entities import EntityRef
from platform_core.kernel.ids import new_id
from tests.core.audit.forging import entries
from tests.core.audit.test_page import write


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("他要求改成13900001234", "他要求改成139****1234"),
        ("+86 139 0000 1234 / 139-0000-1234", "139****1234 / 139****1234"),
        ("mail zhang@example.com now", "mail zh***@example.com now"),
        ("139****1234 zh***@example.com", "139****1234 zh***@example.com"),
        ("contract 20261122001, 113900001234", "contract 20261122001, 113900001234"),
        ("2026-11-22", "2026-11-22"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_of_people_become_masks(words, kept):
    assert masking.text(words) == kept


@given(st.text(), st.text())
def test_masking_twice_changes_nothing_more(left, right):
    once = masking.text(f"{left} 13900001234 {right}")
    assert masking.text(once) == once
    assert " 13900001234 " not in once


def test_whatever_is_recorded_goes_through_it(runtime):
    ref = EntityRef("customers", "customer", new_id(), "Zhang 13900001234")
    spoken = {"remark": "13900001234", "many": ["13900001234", {"deep": "a.b@example.com"}], "login": "a@example.com"}
    write(
        runtime,
        (None, "test.line", {"ref": ref, "before": spoken, "after": spoken, "reason": "13900001234", "ip": "::1"}),
    )
    (line,) = [entry for entry in entries(runtime) if entry.action == "test.line"]
    assert "13900001234" not in str([line.before, line.after, line.reason, line.entity_label])
    assert line.after == {
        "remark": "139****1234", "many": ["139****1234", {"deep": "a***@example.com"}], "login": "a@example.com",
    }  # fmt: skip


def test_ids_of_records_stay_as_they_are():
    ids = ["01a2066646d17313800138000dc53dfa", "01a20666-46d1-7313-8001-38000dc53dfa"]
    kept = {"plan_id": ids[0], "rows": ids, "remark": f"call 13800138000 about {ids[1]}"}
    found = masking.values(kept)
    assert (found["plan_id"], found["rows"]) == (ids[0], ids)
    assert "13800138000" not in found["remark"]
