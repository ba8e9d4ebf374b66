"""Kinds of interaction that the house defines: what is asked when one of them has taken place."""
