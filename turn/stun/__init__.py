"""STUN messages (RFC 8489) with TURN's attributes (RFC 8656): bytes to values and back, no I/O."""
