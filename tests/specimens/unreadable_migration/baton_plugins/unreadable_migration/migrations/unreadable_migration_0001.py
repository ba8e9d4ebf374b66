"""Not even read."""

from nothing_of_that_name import op  # the fault
