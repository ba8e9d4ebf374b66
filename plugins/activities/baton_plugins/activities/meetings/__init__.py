"""Meetings of colleagues: who is invited, what they answer, and in which room."""
