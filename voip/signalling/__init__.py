"""The Matrix calling protocol, pure: no I/O, no clock, no randomness of its own.

Start with `states` (the theory of operation and the transition table), then `call` and `calls`.
"""
