"""What compose.yaml starts, started without a container engine: as processes of a namespace.

Commands, settings and configurations are those of the file. Different is what an engine and the
internet give: the names of services lead to one address, so that two of them cannot share a port;
certificates are the proxy's own; the programs of others are Debian's and PyPI's versions.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.deployment import compose, example
from tests.e2e.namespaces import Network
from tests.turn.databases import as_its_user, postgresql_programs
from voip.service.demo.processes import ChildProcess

PATIENCE = 90.0
OVER_ETC = Path("/etc/netns")
"""`ip netns exec` lays what is here, by the namespace's name, over /etc."""
PUBLIC_NAMES = ("SERVER_NAME", "MATRIX_HOST", "CALL_HOST", "TURN_HOST")
OF_THIS_MACHINE = {
    "synapse:8008": "synapse:8009",  # the proxy has 8008
    "port: 8008": "port: 8009",
    "email admin@example.org": "local_certs\n  skip_install_trust\n  admin off",
    "172.16.0.0/12": "127.0.0.0/8",  # where the endpoint sees the proxy
}
AS_OUR_CONTAINERS = """
mkdir -p "$1/tmp"
mount --bind "$1" "$1"
mount -o remount,bind,ro /
shift
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
"""Nothing can be written but its data and what is temporary, and it has no capability."""


class Deployment:
    """compose.yaml with the example's settings, and a public address that the hub has."""

    def __init__(self, network: Network, folder: Path, image: Path, stack: ExitStack) -> None:
        """`image`: the folder of its commands."""
        self.network = network
        self.values = example() | {"PUBLIC_IPV4": network.hub.address}
        self._folder = folder
        self._image = image
        self._stack = stack
        relay_ip = f"relay-ip={network.hub.address}"  # the hub has several addresses
        self._different = OF_THIS_MACHINE | {"external-ip=": f"{relay_ip}\nexternal-ip="}
        described = compose(self.values)
        self._services: dict[str, Any] = described["services"]
        self._configs: dict[str, Any] = described["configs"]

    @property
    def homeserver(self) -> str:
        """Its address for this process; others come through the proxy."""
        return f"http://{self.network.hub.control}:8009"

    @property
    def authority(self) -> Path:
        """The certificate of who signs the proxy's."""
        return self._folder / "proxy-data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start(self) -> None:
        """All but the bot, which needs an account."""
        self._name_everything()
        self._start_postgres()
        self._start("redis", *self._services["redis"]["command"], at=6379)
        self._start_synapse()
        self.start_ours("credentials")
        self.start_ours("page")
        self._start("relay", "turnserver", "-c", str(self._write("relay")), at=3478)
        self._start_proxy()

    def make_account(self, name: str, password: str) -> None:
        """As the head of compose.yaml says it."""
        wishes = ["-u", name, "-p", password, "--no-admin", "-c", str(self._folder / "synapse")]
        register = [sys.executable, "-m", "synapse._scripts.register_new_matrix_user"]
        _run(self.network.hub.command(*register, *wishes, "http://synapse:8009"))

    def start_ours(self, service: str) -> None:
        """One that runs our image; returns when its own health check is content."""
        described = self._services[service]
        words = [*described.get("entrypoint", ["voip"]), *described.get("command", ["bot"])]
        process = self._start(service, *self._contained(service, words))
        _, python, *check = described["healthcheck"]["test"]
        healthy = self.network.hub.command(str(self._image / python), *check)
        process.wait_until(lambda: _succeeds(healthy), PATIENCE, "It is not healthy.")

    def run_ours(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        """What `docker compose run --rm SERVICE …` runs, by somebody outside."""
        (program,) = self._services[service]["entrypoint"]
        command = self.network.left.command(str(self._image / program), *words)
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    # --- the services ---

    def _name_everything(self) -> None:
        """In the network of the services by their names, and everywhere by the public ones."""
        public = " ".join(self.values[name] for name in PUBLIC_NAMES)
        outside = f"{self.network.hub.address} {public}\n"
        inside = f"127.0.0.1 localhost {' '.join(self._services)}\n"
        for machine, hosts in ((self.network.hub, inside + outside), (self.network.left, outside)):
            folder = OVER_ETC / machine.name
            folder.mkdir(parents=True)
            self._stack.callback(shutil.rmtree, folder)
            (folder / "hosts").write_text(hosts)

    def _start_postgres(self) -> None:
        environment = self._services["postgres"]["environment"]
        name, programs = environment["POSTGRES_USER"], postgresql_programs()
        data = self._folder / "postgres"
        data.mkdir()
        as_user = as_its_user(data)
        made = [*environment["POSTGRES_INITDB_ARGS"].split(), "-U", name, "-A", "trust"]
        _run([*as_user, str(programs / "initdb"), "-D", str(data), *made])
        server = [*as_user, str(programs / "postgres"), "-D", str(data), "-k", ""]
        self._start("postgres", *server, at=5432)
        create = [str(programs / "createdb"), "-h", "postgres", "-U", name]
        _run(self.network.hub.command(*create, environment["POSTGRES_DB"]))

    def _start_synapse(self) -> None:
        (self._folder / "data").mkdir()
        self._write("synapse-log")
        config = f"--config-path={self._write('synapse')}"
        server = [sys.executable, "-m", "synapse.app.homeserver", config]
        _run(self.network.hub.command(*server, "--generate-keys"))
        self._start("synapse", *server, at=8009)

    def _start_proxy(self) -> None:
        run = ["caddy", "run", "--adapter", "caddyfile", "--config", str(self._write("proxy"))]
        data = f"XDG_DATA_HOME={self._folder / 'proxy-data'}"
        self._start("proxy", "env", data, *run, at=443)

    # --- how they are started ---

    def _write(self, config: str) -> Path:
        """Its file, with what is different here."""
        text = self._here(self._configs[config]["content"])
        for name, there in (("/data", "data"), ("/config/log.yaml", "synapse-log")):
            text = text.replace(name, str(self._folder / there))
        file = self._folder / config
        file.write_text(text)
        return file

    def _contained(self, service: str, words: list[str]) -> list[str]:
        data = self._folder / f"{service}-data"
        data.mkdir()
        settings = self._services[service].get("environment", {})
        given = {name: self._here(str(text)) for name, text in settings.items()}
        environment = {"PATH": f"{self._image}:/usr/bin:/bin", "TMPDIR": str(data / "tmp")} | given
        named = [f"{name}={text.replace('/data', str(data))}" for name, text in environment.items()]
        return ["sh", "-ec", AS_OUR_CONTAINERS, "sh", str(data), "env", "-i", *named, *words]

    def _here(self, text: str) -> str:
        for theirs, ours in self._different.items():
            text = text.replace(theirs, ours)
        return text

    def _start(self, service: str, *words: str, at: int | None = None) -> ChildProcess:
        """`at`: the port at which it listens once it is ready."""
        hub = self.network.hub
        process = ChildProcess(service, hub.command(*words), self._folder / f"{service}.log")
        process.start()
        self._stack.callback(process.stop)
        if at is not None:
            process.wait_until(lambda: hub.listens(service, at), PATIENCE, "It does not listen.")
        return process


@contextmanager
def deployed(network: Network, folder: Path, image: Path) -> Iterator[Deployment]:
    with ExitStack() as stack:
        deployment = Deployment(network, folder, image, stack)
        deployment.start()
        yield deployment


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
