"""Calendars that other programs read: the feed of a person, the file of a meeting."""
