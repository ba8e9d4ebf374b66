"""An invented house with its customers: small for people to look at, large for benchmarks."""
