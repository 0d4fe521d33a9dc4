"""coturn: its configuration, written so that it is safe, and looked at where it is not."""
