"""What can go wrong with the files of the store: every message says what to do."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked. The call may go on; only its safety net is missing."""


class StoreInUseError(StoreError):
    """Another process has the file open."""


class StoreTooNewError(StoreError):
    """The file was written by a later version of this program."""


class StoreDamagedError(StoreError):
    """The file went bad while it was open; the next start sets it aside."""


class StoreFullError(StoreError):
    """The disk is full."""
