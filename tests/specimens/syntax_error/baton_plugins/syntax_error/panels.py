"""Half a line."""

def broken(:  # the fault
