"""Delivers what is in the outbox, each entry exactly once: into rooms, storage and webhooks."""
