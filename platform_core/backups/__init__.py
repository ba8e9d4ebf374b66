"""Backups of a whole house: both databases, files and archives in one encrypted file, and the way back from it."""
