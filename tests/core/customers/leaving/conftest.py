from __future__ import annotations

from tests.core.customers.transfer.conftest import general, give, house, in_english

__all__ = ["general", "give", "house", "in_english"]
