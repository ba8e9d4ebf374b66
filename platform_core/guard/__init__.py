"""Noticing what no cap stops: rules about unusual behaviour, customers that are bait, and the alerts of both."""
