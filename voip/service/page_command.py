"""`voip page`: serves the built page, for a proxy with TLS before it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from yarl import URL

from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import LogLevel
from voip.service.web import PageMissing, create_app, page_folder, under

STOP_WITHIN = 3.0
USER_ID = re.compile(r"@[^:\s]+:\S+")


@dataclass(frozen=True, slots=True)
class PageOptions:
    homeserver: str | None
    host: str
    port: int
    brand: str
    any_homeserver: bool
    path: str = "/"
    embed_origins: tuple[str, ...] = ()
    echo: str | None = None


def page_command(options: PageOptions) -> Exit:
    """Serve until a signal, which is the usual end."""
    set_up_logging(LogLevel.INFO)
    if options.homeserver is not None and URL(options.homeserver).scheme not in {"http", "https"}:
        _complain("--homeserver must be an address that starts with https://.")
        return Exit.WRONG_INPUT
    if wrong := [each for each in options.embed_origins if not is_origin(each)]:
        _complain(f"--embed takes an origin such as https://www.example.org, not {wrong[0]}.")
        return Exit.WRONG_INPUT
    if options.echo is not None and not USER_ID.fullmatch(options.echo):
        _complain("--echo must be a user id, as in @echo:example.org.")
        return Exit.WRONG_INPUT
    try:
        run(serve_page(options, page_folder(), _say))
    except Interrupted:
        return Exit.DONE
    except PageMissing as missing:
        _complain(str(missing))
    except OSError as error:
        where = f"port {options.port} of {options.host}"
        _complain(f"The page cannot be served at {where}: {error.strerror}. Choose another --port.")
    return Exit.FAILED


async def serve_page(options: PageOptions, page: Path, say: Callable[[str], None]) -> None:
    """Serve until cancelled. Raises OSError where the port cannot be used."""
    app = create_app(
        page,
        homeserver=options.homeserver,
        any_homeserver=options.any_homeserver,
        brand=options.brand,
        embed_origins=options.embed_origins,
        echo=options.echo,
    )
    app = under(options.path, app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
        port = runner.addresses[0][1]
        path = f"{options.path.strip('/')}/".removeprefix("/")
        say(f"ready: the page is at http://{options.host}:{port}/{path}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def is_origin(text: str) -> bool:
    """Scheme, host and port and nothing else, as a browser compares them: no more than one name
    of the Content-Security-Policy."""
    try:
        url = URL(text)
        return url.scheme in {"http", "https"} and str(url.origin()) == text
    except ValueError:
        return False


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
