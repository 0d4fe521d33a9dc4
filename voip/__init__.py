"""Matrix calls without a browser: signalling, media, and the bots that answer."""

from importlib.metadata import version

__version__ = version("matrix-voip")
