"""Everything on one machine: started in order, stopped in the opposite one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from voip.bot.recorder import RecorderSettings
from voip.matrix.errors import MatrixError
from voip.media.errors import MediaError
from voip.service.demo import coturn, own_bot, welcome
from voip.service.demo.accounts import Account, set_up
from voip.service.demo.bots import recorder_settings, running_bots
from voip.service.demo.certificate import certificate_for
from voip.service.demo.errors import DemoError
from voip.service.demo.folder import data_folder
from voip.service.demo.own_relay import OwnRelayProcess
from voip.service.demo.pages import serving_pages
from voip.service.demo.plan import LOOPBACK, DemoOptions, Plan
from voip.service.demo.processes import ChildProcess
from voip.service.demo.synapse import LIMITS_LIFTED, Synapse
from voip.service.demo.synapse_config import SynapseOptions
from voip.service.web import PageMissing, page_folder
from voip.store.errors import StoreError

Say = Callable[[str], None]

LOOK_EVERY = 1.0
LOGINS_UNLIMITED = {"rc_login": LIMITS_LIFTED["rc_login"]}
"""Synapse counts logins by address, and here everybody has the same one."""


@dataclass(frozen=True)
class RunningDemo:
    """What a person or a test needs to use it."""

    plan: Plan
    accounts: dict[str, Account]
    relay_uris: tuple[str, ...]
    fingerprint: str | None
    """Of the certificate, where there is one."""
    bots: list[asyncio.Task[None]]
    processes: list[ChildProcess]

    async def until_something_ends(self) -> None:
        """Wait, for ever if all goes well.

        :raises DemoError: the homeserver or the relay ended.
        :raises MatrixError: what ended a bot.
        """
        while True:
            done, _ = await asyncio.wait(
                self.bots, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
                raise DemoError(f"The {task.get_name()} stopped by itself.")
            for process in self.processes:
                if not process.running:
                    last = await asyncio.to_thread(process.last_lines)
                    raise DemoError(f"{process.name} ended by itself. Start again.\n{last}")


async def run_demo(options: DemoOptions, say: Say = print) -> int:
    """Run until cancelled; the exit status, which is not 0 where it could not start or go on."""
    try:
        async with running_demo(options, say) as demo:
            say(welcome.text(demo.plan, demo.accounts, demo.fingerprint))
            await demo.until_something_ends()
    except (DemoError, PageMissing, MatrixError, MediaError, StoreError) as error:
        say(f"The demo cannot go on: {error}")
    except asyncio.CancelledError:
        say("Stopped; nothing is left running.")
        raise
    return 1


@asynccontextmanager
async def running_demo(
    options: DemoOptions, say: Say, recorder: RecorderSettings | None = None
) -> AsyncIterator[RunningDemo]:
    """All of it, ready to be used while the context lasts.

    :raises DemoError, PageMissing: the person who started it can do something about it.
    :raises MatrixError: a bot cannot log in.
    """
    async with AsyncExitStack() as stack:
        page = page_folder()
        folder = stack.enter_context(data_folder(options.data_dir))
        plan = Plan.of(options)
        certificate = None
        if plan.tls:
            certificate = await asyncio.to_thread(certificate_for, plan.host, folder)
        relay = await stack.enter_async_context(_relay(plan, folder, say))
        with _timed(say, f"homeserver {plan.homeserver_url}"):
            synapse = await stack.enter_async_context(_synapse(plan, folder, relay))
        with _timed(say, "accounts and rooms"):
            accounts = await asyncio.to_thread(set_up, synapse.blocking, folder)
        own = accounts[own_bot.NAME]
        await asyncio.to_thread(own_bot.write_settings, own, plan.homeserver_url, folder)
        with _timed(say, "bots"):
            bots = await stack.enter_async_context(
                running_bots(accounts, plan.homeserver_url, folder, recorder or recorder_settings())
            )
        with _timed(say, "page"):
            context = certificate.context if certificate else None
            echo = accounts["echo"].user_id
            await stack.enter_async_context(serving_pages(plan, page, context, echo))
        processes = [synapse.blocking.process, relay.process]
        fingerprint = certificate.fingerprint if certificate else None
        yield RunningDemo(plan, accounts, relay.uris, fingerprint, bots, processes)


@asynccontextmanager
async def _relay(plan: Plan, folder: Path, say: Say) -> AsyncIterator[coturn.RelayProcess]:
    """coturn where it is installed, as it would be in earnest; else the relay of our own."""
    options = coturn.RelayOptions.fresh(
        folder / "relay", plan.media_address, plan.relay_port, whole_lan=plan.tls
    )
    kind = coturn.RelayProcess if coturn.installed() else OwnRelayProcess
    async with AsyncExitStack() as stack:
        with _timed(say, f"TURN relay {plan.media_address}:{plan.relay_port}"):
            relay = await stack.enter_async_context(coturn.Relay(kind(options)))
        yield relay


def _synapse(plan: Plan, folder: Path, relay: coturn.RelayProcess) -> Synapse:
    return Synapse(
        SynapseOptions(
            folder / "synapse",
            plan.homeserver_port,
            LOOPBACK,
            public_url=plan.page_url(next(iter(plan.page_ports))) if plan.tls else None,
            turn_uris=relay.uris,
            turn_shared_secret=relay.secret,
            extra_config=LOGINS_UNLIMITED,
        )
    )


@contextmanager
def _timed(say: Say, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"  ✓ {what}  ({time.monotonic() - began:.1f} s)")
