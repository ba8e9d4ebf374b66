"""What goes along with a baton: composed from what was said and planned, kept as it was sent."""
