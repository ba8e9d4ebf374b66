"""Urging: a leader asks how one business stands, the person answers in time, or the heads above hear of it."""
