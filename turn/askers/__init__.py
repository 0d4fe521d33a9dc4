"""Who is asking: Matrix users, proven by their homeservers; see docs/turn-matrix.md."""
