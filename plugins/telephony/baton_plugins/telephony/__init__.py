"""Calls: who is on the line, at whose telephone, and what reported it."""
