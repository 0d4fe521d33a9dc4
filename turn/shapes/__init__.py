"""What was issued, as each kind of client wants to read it. Pure functions, one module a shape."""
