"""Business tracking: plans, follow-ups, calls, messages of all customers in one list, by conditions."""
