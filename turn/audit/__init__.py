"""The audit: tries on a running relay what nobody should be able to do through it."""
