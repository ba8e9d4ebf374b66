"""Customer care: on which days whom the house greets, and how."""
