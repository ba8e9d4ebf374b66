"""Lists: an entity declares its columns, conditions and orders once and gets pages, dialogs and JSON from it."""
