"""Telling people of plans ahead of time: each once, through every way that reaches them."""
