"""Opportunities: what a customer may buy, which route it takes through the house, and the contract that closes it."""
