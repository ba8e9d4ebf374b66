"""Views of lists that people keep: conditions, order and columns under a name, for themselves or for others."""
