"""A TURN client that asks one thing at a time and says exactly what went wrong.

It keeps nothing alive and retries nothing that a person should know of: it is for finding out how
a relay behaves, not for calls.
"""
