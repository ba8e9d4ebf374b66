"""Changing many customers at once: chosen, previewed, done in the background, taken back as one."""
