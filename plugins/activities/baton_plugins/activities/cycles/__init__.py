"""Return visits by a cycle: 7, 30 and 90 days after a start, then every so many, the next made when one is over."""
