"""What can be found out about this machine alone: settings, codecs, disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from voip.media.libopus import Decoder, OpusError, OpusUnavailable
from voip.service.check_command import check
from voip.service.doctor.model import Finding, failed, ok, warning
from voip.service.doctor.wakeups import wakeups_finding
from voip.service.health import DISK_LEFT, disk_facts

PICTURES = {"VP8": "vp8", "H.264": "h264"}


def settings_findings(config: Path | None) -> list[Finding]:
    """A finding for each problem and warning; one that all is well where there is none."""
    findings = check(config)
    found = [failed("settings", problem, "correct it") for problem in findings.problems]
    found += [warning("settings", text, "see README's table") for text in findings.warnings]
    return found or [ok("settings", "every setting can be used")]


def here_findings(data_dir: Path) -> Iterator[Finding]:
    yield _opus()
    for name, codec in PICTURES.items():
        yield _picture(name, codec)
    yield _disk(data_dir)
    yield wakeups_finding()


def _opus() -> Finding:
    try:
        Decoder(16_000)
    except (OpusUnavailable, OpusError) as error:
        return failed("codec Opus", str(error), "install libopus (Debian: libopus0)")
    return ok("codec Opus", "libopus can be used")


def _picture(name: str, codec: str) -> Finding:
    try:
        av.Codec(codec, "r")
    except av.codec.codec.UnknownCodecError:
        return warning(
            f"codec {name}",
            "this FFmpeg cannot read it, so such pictures are recorded and not exported",
            "install PyAV's own wheel (pip install --force-reinstall av)",
        )
    return ok(f"codec {name}", "FFmpeg can read it")


def _disk(data_dir: Path) -> Finding:
    folder = data_dir.absolute()
    while not folder.exists():  # it is made at the first start
        folder = folder.parent
    writable, free = disk_facts(folder)
    if not writable:
        return failed(
            "disk", f"{folder} cannot be written", "give it to the user that runs the bot"
        )
    if free < DISK_LEFT:
        return failed("disk", f"{free // 2**20} MiB are free", "free space, or move VOIP_DATA_DIR")
    return ok("disk", f"{folder} can be written, {free // 2**20} MiB are free")
