"""@title@ for Baton."""
