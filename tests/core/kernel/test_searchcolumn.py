"""Words compared as SQLite stores them: the same as the index would say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, select

from platform_core.kernel.searchcolumn import stored_words
from platform_core.kernel.searchtokens import QueryTerm

_TOKENS = st.text("ab_张", min_size=1, max_size=3)
_TERMS = st.builds(QueryTerm, _TOKENS, st.booleans())
_GROUPS = st.lists(st.lists(_TERMS, min_size=1, max_size=2), min_size=1, max_size=2)
_ENGINE = create_engine("sqlite://")


@given(st.lists(_TOKENS, max_size=4), _GROUPS)
def test_stored_words_are_compared_whole_or_by_their_beginning(tokens, groups):
    def has(term):
        return any(token.startswith(term.token) if term.prefix else token == term.token for token in tokens)

    with _ENGINE.connect() as connection:
        found = connection.execute(select(stored_words(literal(" ".join(tokens)), groups))).scalar_one()
    assert bool(found) == all(any(has(term) for term in group) for group in groups)
