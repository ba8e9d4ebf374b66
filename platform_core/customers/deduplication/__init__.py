"""Pairs of customers that may be one: found every night, looked through by people, merged or set apart."""
