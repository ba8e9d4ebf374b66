"""Working on one customer together: one call for several questions, and plans that pass to a colleague and back."""
