"""The command line: `voip bot`, `voip call`, `voip demo`, `voip page`, `voip trace`,
`voip recordings`, `voip outbox`, `voip announce`, `voip doctor`, `voip verify`,
`voip check-config`; `voip turn` is the package
`turn`'s own.

Each command here only reads its options; what it does is in a module of its own, which is
imported when the command runs, so that `voip --help` does not wait for the media libraries.
"""
# ruff: noqa: PLC0415 - the imports inside the commands are the reason for this module

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from turn.cli import app as turn_app
from voip.service.announce_cli import announce_app
from voip.service.options import Config, DataDir, Json
from voip.service.outbox_cli import outbox_app
from voip.service.recordings_cli import recordings_app

app = typer.Typer(
    help="WebRTC calls over Matrix: bots that answer and record, calls from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
    rich_markup_mode=None,
)
app.add_typer(recordings_app, name="recordings")
app.add_typer(announce_app)
app.add_typer(outbox_app, name="outbox")
app.add_typer(turn_app, name="turn")


@app.command()
def bot(
    bot: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="recorder, echo, voicemail, menu or bridge-recorder. Without it: VOIP_BOT.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", dir_okay=False, help="The bot's own TOML file (docs/bots.md)."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Answer calls: take messages, play back what is said, connect people.

    Prints one line when it is ready. SIGTERM or Ctrl-C ends it: live calls may go on for a while
    (VOIP_DRAIN_SECONDS), are then hung up, and their recordings posted. A second one does not wait.

    \b
    Example:
      voip bot --bot echo --config voip.toml
      voip bot --bot menu --file menu.yaml
    """
    from voip.service.bot_command import bot_command

    raise typer.Exit(bot_command(config, bot, file))


@app.command()
def call(
    target: Annotated[
        str, typer.Argument(help="A user (@name:server), or a room (!id:server, #alias:server).")
    ],
    *,
    play: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a sound file into the call.")
    ] = None,
    say: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Say a text; needs the speech extra.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record the other side, as Ogg Opus.")
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="Let the other side speak first: wait so long after the connection, then play.",
        ),
    ] = 0.0,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for",
            metavar="SECONDS",
            min=0,
            help="Hang up so long after the connection. Without it: when what is played is over,"
            " else when the other side hangs up.",
        ),
    ] = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Place a call, play or say something, record the answer.

    A user is called in the direct room; where there is none, an encrypted one is made, and the
    call waits until they have joined. Ends with status 0 only if the call was connected.

    \b
    Example:
      voip call @ann:example.org --say "The door bell rings." --for 20
      voip call '!ops:example.org' --play alarm.ogg --record reply.ogg --json
      voip call @recorder:example.org --say "Call me back." --wait 7
    """
    from voip.service.call_command import CallOptions, call_command

    if play is not None and say is not None:
        raise typer.BadParameter("--play and --say exclude each other: give one of them")
    options = CallOptions(target, play, say, record, wait, seconds, json)
    raise typer.Exit(call_command(options, config))


@app.command()
def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65000,
            help="The first of the consecutive ports that are used. Without it: 8470.",
        ),
    ] = None,
    lan: Annotated[
        bool,
        typer.Option("--lan", help="Serve the page with TLS on this network, for phones too."),
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help="Without a person, on free ports: call the recorder, say a sentence, compare the"
            " recording. Prints one line of JSON.",
        ),
    ] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where accounts and rooms last. Without it: demo-data."
        ),
    ] = None,
) -> None:
    """Start a homeserver, both bots and the page on this machine; say where to click.

    Ctrl-C stops it all.

    \b
    Example:
      voip demo --lan
      voip demo --smoke
    """
    from voip.service.demo_command import demo_command, smoke_command

    if smoke and (port is not None or lan or data_dir is not None):
        raise typer.BadParameter("--smoke chooses ports and folder by itself: leave the others out")
    raise typer.Exit(smoke_command() if smoke else demo_command(port, data_dir, lan=lan))


@app.command()
def page(
    *,
    homeserver: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The homeserver that the page offers to sign in at."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: one that is free.")] = 8080,
    brand: Annotated[str, typer.Option(help="What the page calls itself.")] = "Calls",
    any_homeserver: Annotated[
        bool, typer.Option("--any-homeserver", help="People of every homeserver may sign in.")
    ] = False,
    path: Annotated[str, typer.Option(help="The path that the page lies under.")] = "/",
    embed: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A site that may show the page in a frame; repeat it."),
    ] = None,
    echo: Annotated[
        str | None,
        typer.Option(
            metavar="USER", help="The user id of the echo bot, which the page's network test calls."
        ),
    ] = None,
) -> None:
    """Serve the calling page, behind a proxy with TLS.

    Browsers give a microphone only to pages with TLS, or to ones of the same machine. Prints one
    line when it is ready. SIGTERM or Ctrl-C ends it.

    \b
    Example:
      voip page --homeserver https://matrix.example.org --echo @echo:example.org
      voip page --homeserver https://matrix.example.org --path /calls --embed https://example.org
    """
    from voip.service.page_command import PageOptions, page_command

    if homeserver is None and not any_homeserver:
        raise typer.BadParameter("name a --homeserver, or allow --any-homeserver")
    embed_origins = tuple(embed or ())
    options = PageOptions(homeserver, host, port, brand, any_homeserver, path, embed_origins, echo)
    raise typer.Exit(page_command(options))


@app.command()
def trace(
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            show_default=False,
            help="Our own id of a call, its beginning, or a trace file (.json). Without it: the"
            " latest call.",
        ),
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--list", help="List the calls that have a trace, the newest first.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="A trace from elsewhere: of another machine, or saved by the calling page.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Write a page that can be attached to a bug report; it needs nothing else.",
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Say what happened to a call: each event, each decision, the network, and a verdict.

    No Matrix ids, addresses, session descriptions or tokens are in it.

    \b
    Example:
      voip trace
      voip trace --list
      voip trace 3f2a9c01 --html call.html
      voip trace --file saved-by-the-page.json
    """
    from voip.service.trace_command import TraceOptions, trace_command

    if sum((every, json and not every, html is not None)) > 1 or (every and wanted is not None):
        raise typer.BadParameter("--list, --html and an ID with --list exclude each other")
    if file is not None and (every or wanted is not None):
        raise typer.BadParameter("--file is the trace: leave ID and --list out")
    options = TraceOptions(wanted, every, json, html, data_dir, file)
    raise typer.Exit(trace_command(options, config))


@app.command()
def doctor(
    burst: Annotated[
        int,
        typer.Option(
            min=0,
            max=50,
            metavar="EVENTS",
            help="Send so many events at once into a room of the bot's own, to see whether its"
            " rate is limited; more where many call at the same time, 0 for none.",
        ),
    ] = 6,
    json: Json = False,
    config: Config = None,
) -> None:
    """Look at everything that calls need: homeserver, login, sync, rate limits, encryption, TURN,
    codecs, disk, clock. Says for each what was found, why, and what to do.

    A bot that runs meanwhile goes on. Ends with status 0 if nothing failed.

    \b
    Example:
      voip doctor --config voip.toml
      voip doctor --burst 30 --json
    """
    from voip.service.doctor.command import DoctorOptions, doctor_command

    raise typer.Exit(doctor_command(config, DoctorOptions(burst, json)))


@app.command()
def verify(
    user: Annotated[
        str | None,
        typer.Argument(metavar="[USER]", show_default=False, help="Who may ask; else anybody."),
    ] = None,
    *,
    within: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="Give up after so long.")
    ] = 300.0,
    json: Json = False,
    config: Config = None,
) -> None:
    """Let a person verify the bot: they ask for it in their client, both compare seven emoji.

    The bot must not run meanwhile. Ends with status 0 once both have said that they are the same.

    \b
    Example:
      voip verify @ann:example.org
    """
    from voip.service.verify_command import VerifyOptions, verify_command

    raise typer.Exit(verify_command(config, VerifyOptions(user, within, json)))


@app.command("check-config")
def check_config(
    json: Json = False,
    config: Config = None,
) -> None:
    """Say which settings are in effect, without secrets, or what is wrong with them.

    \b
    Example:
      voip check-config --config voip.toml
    """
    from voip.service.check_command import check_command

    raise typer.Exit(check_command(config, as_json=json))


def main() -> None:
    """The `voip` script."""
    app()
