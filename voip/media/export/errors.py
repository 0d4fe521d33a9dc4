"""Why a recording cannot be read or made into something else; each message is for a person."""

from __future__ import annotations


class ExportError(Exception):
    """Nothing was written: a file that was begun is removed."""


class UnreadableRecording(ExportError):
    """A file of the call cannot be opened, is damaged, or holds nothing that plays."""


class NothingToExport(ExportError):
    """What was asked for is not among what was recorded."""


class NoEncoder(ExportError):
    """The installed FFmpeg has no encoder for what was asked for."""


class WrongTarget(ExportError):
    """The file that is to be written cannot be that one."""


class TargetFailed(ExportError):
    """Writing failed: the disk is full, a limit is reached, the folder is gone."""


class ExportBroke(ExportError):
    """The process that did the work ended without a word: a codec crashed, or it was killed."""
