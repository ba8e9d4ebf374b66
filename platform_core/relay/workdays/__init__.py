"""The house's working time: office hours, the week, and the days that are an exception from it."""
