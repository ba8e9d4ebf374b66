"""Plans and follow-ups: what was said, what comes next, and the workbench that shows it."""
