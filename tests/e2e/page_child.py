"""The page for one machine of a test: `python -m tests.e2e.page_child HOMESERVER PORT`."""

from __future__ import annotations

import sys

from aiohttp import web

from voip.service.web import create_app, page_folder

if __name__ == "__main__":
    homeserver, port = sys.argv[1:]
    app = create_app(page_folder(), homeserver=homeserver)
    web.run_app(app, host="127.0.0.1", port=int(port), print=None)
