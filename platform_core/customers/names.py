"""What is derived from a customer's name: the key lists sort by and the form in which duplicates meet."""

from __future__ import annotations

import unicodedata

from platform_core.kernel.searchtokens import sort_key


def norm(name: str) -> str:
    """Half width, lower case, without spaces and punctuation; at most 120 characters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    if folded.isalnum():
        return folded[:120]
    return "".join(char for char in folded if char.isalnum())[:120]


def keys(name: str) -> dict[str, str]:
    """The derived columns of Customer."""
    return {"name_key": sort_key(name)[:200], "name_norm": norm(name)}
