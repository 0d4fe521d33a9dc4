"""The credential endpoint over HTTP: an aiohttp application to mount, or to serve alone."""
