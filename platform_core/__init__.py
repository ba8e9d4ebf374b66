"""Baton's core: users, permissions, audit, the customer record and the relay between departments."""

__version__ = "0.1.0"
