"""Messages that leave the house: each once, or nobody is left in doubt. The database is the queue."""
