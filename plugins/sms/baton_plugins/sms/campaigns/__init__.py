"""One text to many customers: prepared, looked at, approved, put into the outbox slice by slice."""
