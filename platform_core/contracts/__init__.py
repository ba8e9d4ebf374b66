"""Vocabulary shared by core and plugins: frozen dataclasses and Protocols, without logic."""
