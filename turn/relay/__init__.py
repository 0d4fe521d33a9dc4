"""A TURN relay (RFC 8656) for one command, for tests and for small sites.

`core.py` decides and has neither sockets nor a clock; `serve.py` has both, and `Relay` in it is
what other code starts. docs/turn-relay.md draws a packet's way through them.
"""
