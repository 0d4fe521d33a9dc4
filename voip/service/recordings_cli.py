"""`voip recordings` and what it can do with them: the options; see `cli.py`."""
# ruff: noqa: PLC0415 - as in cli.py: help does not wait for the media libraries

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voip.service.options import Config, DataDir, Json

recordings_app = typer.Typer(
    help="What is kept of calls: list it, close what a crash left open, make one file of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Wanted = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        show_default=False,
        help="Our own id of a call, its beginning, or the path of its folder. Without it: the"
        " latest call that has a recording.",
    ),
]


class FormatName(StrEnum):
    """As in `voip.media.export.order`, which is not imported for the help."""

    OGG = "ogg"
    MP3 = "mp3"
    WAV = "wav"
    M4A = "m4a"
    MP4 = "mp4"
    WEBM = "webm"
    PNG = "png"


@recordings_app.command("list")
def list_(
    *,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """List the calls that have recordings, the newest first.

    \b
    Example:
      voip recordings list
      voip recordings list --json
    """
    from voip.service.recordings_command import list_command

    raise typer.Exit(list_command(data_dir, config, as_json=json))


@recordings_app.command()
def show(
    wanted: Wanted = None,
    *,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Say what is in the recordings of a call: files, streams, lengths, whether they were closed.

    \b
    Example:
      voip recordings show
      voip recordings show 3f2a9c01 --json
    """
    from voip.service.recordings_command import show_command

    raise typer.Exit(show_command(wanted, data_dir, config, as_json=json))


@recordings_app.command()
def repair(
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID|PATH]",
            show_default=False,
            help="A call's id or its beginning, the path of its folder, or that of one recording."
            " Without it: every call.",
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Close recordings that a crash left open.

    What is being written is left alone, so a bot may run meanwhile. A file that was closed stays as
    it is. Ends with status 0 only if nothing is left open that could hold something.

    \b
    Example:
      voip recordings repair
      voip recordings repair 3f2a9c01 --dry-run
      voip recordings repair ./audio.ogg
    """
    from voip.service.recordings_repair import RepairOptions, repair_command

    raise typer.Exit(repair_command(RepairOptions(wanted, dry_run, json, data_dir), config))


@recordings_app.command()
def export(
    wanted: Wanted = None,
    *,
    to: Annotated[
        FormatName | None,
        typer.Option(
            "--format",
            show_default=False,
            help="What to make: sound, sound and picture (mp4, webm), or a picture of the waveform"
            " (png). Without it: as the name of --output ends.",
        ),
    ] = None,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="All tracks of the call together; the default.")
    ] = False,
    track: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One track alone, by the name of its file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write, which must not exist. Without it: the name of the call's"
            " folder, here.",
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Make one file out of the recordings of a call.

    Both sides of the call, as far as they were recorded, at their places in time. A picture is
    taken as it was recorded where the format has its codec (H.264 in mp4, VP8 in webm).

    \b
    Example:
      voip recordings export 3f2a9c01 --format mp3
      voip recordings export -o call.mp4
      voip recordings export 3f2a9c01 --track audio -o ann.wav
    """
    from voip.service.recordings_export import ExportOptions, export_command

    if mixed and track is not None:
        raise typer.BadParameter("--mixed and --track exclude each other: give one of them")
    named = None if to is None else to.value
    options = ExportOptions(wanted, named, track, output, json, data_dir)
    raise typer.Exit(export_command(options, config))


@recordings_app.command()
def expire(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be deleted, and do nothing.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Delete recordings that are older than the settings allow.

    The bot does this by itself every hour. Their posts are redacted, and their copies in storage
    targets removed, by the bot: by one that runs, or when it is started.

    \b
    Example:
      voip recordings expire --dry-run
      voip recordings expire --config voip.toml --json
    """
    from voip.service.recordings_expire import ExpireOptions, expire_command

    raise typer.Exit(expire_command(ExpireOptions(dry_run, json, data_dir), config))


@recordings_app.command()
def decrypt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy out of a storage target.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write, which must not exist. Without it: the same name without"
            " .sealed.",
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file that holds the key. Without it: that of the settings."
        ),
    ] = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Open a copy that was encrypted with VOIP_STORE_KEY.

    Writes nothing where the key is another one, or the file was changed or cut.

    \b
    Example:
      voip recordings decrypt audio.ogg.sealed
      voip recordings decrypt audio.ogg.sealed -o ann.ogg --key-file store.key
    """
    from voip.service.recordings_decrypt import DecryptOptions, decrypt_command

    raise typer.Exit(decrypt_command(DecryptOptions(file, output, key_file, json), config))
