"""`voip page` as it is run: a process that serves, and says why it cannot."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from voip.service.running import Exit
from voip.service.web import PageMissing, page_folder

PAGE = [sys.executable, "-c", "from voip.service.cli import main; main()", "page"]
ECHO = ["--echo", "@echo:example.org"]
HOMESERVER = ["--homeserver", "https://matrix.example.org"]


@pytest.fixture(autouse=True)
def _page_is_built() -> None:
    try:
        page_folder()
    except PageMissing as missing:
        pytest.skip(str(missing))


def test_it_serves_the_page_until_a_signal() -> None:
    site = "https://www.example.org"
    says = ["--brand", "Example calls", "--path", "/calls", "--embed", site, *ECHO]
    command = [*PAGE, *HOMESERVER, "--port", "0", *says]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}config.json", timeout=10) as answer:  # noqa: S310  # ours
            assert json.load(answer) == {
                "homeserver": HOMESERVER[1],
                "brand": "Example calls",
                "embedOrigins": [site],
                "echo": ECHO[1],
            }
            policy = answer.headers["Content-Security-Policy"]
        assert "connect-src 'self' https://matrix.example.org;" in policy
        assert f"frame-ancestors {site}" in policy
        assert url.endswith("/calls/")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == Exit.DONE


def test_an_echo_bot_that_is_no_user() -> None:
    command = [*PAGE, *HOMESERVER, "--echo", "echo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == Exit.WRONG_INPUT
    assert "--echo must be a user id" in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*PAGE, *HOMESERVER, "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == Exit.FAILED
    assert f"port {port} of 127.0.0.1" in done.stderr
    assert done.stdout == ""


def test_a_site_that_is_none() -> None:
    command = [*PAGE, *HOMESERVER, "--embed", "https://example.org/; script-src *"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == Exit.WRONG_INPUT
    assert "https://www.example.org" in done.stderr
