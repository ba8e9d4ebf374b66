"""Phrases that are put into what one writes."""
