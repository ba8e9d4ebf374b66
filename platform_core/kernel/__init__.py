"""Mechanisms without business: database, unit of work, scope guard, jobs, clock, languages, errors, secrets."""
