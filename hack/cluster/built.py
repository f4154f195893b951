"""Nodes from an image built on this machine, on a podman and in a network of their own."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from .cache import Cache, key_of
from .commands import attempt, run
from .errors import Missing
from .eventually import wait_for
from .net import NodeNetwork, free_range
from .node_image import build_node_image
from .podman import HELPER_FOLDERS, Podman

__all__ = ["PACKAGES", "BuiltNodes", "image_store", "missing", "missing_packages"]

_RUN = Path("/run/sluiceway")
"""Run-time files; short, since paths of sockets may have 108 characters."""

_MODULES = Path("/lib/modules")
"""kind mounts it into every node, and a container's machine may have none."""

_PROGRAMS = {
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "gcc": "gcc libc6-dev",
}
_HELPERS = {"netavark": "netavark", "aardvark-dns": "aardvark-dns", "conmon": "conmon"}

PACKAGES = " ".join([*_PROGRAMS.values(), *_HELPERS.values()])
"""The Debian packages that it takes."""


def missing() -> list[str]:
    """Return what this machine lacks for such nodes; empty if nothing."""
    return ([] if os.geteuid() == 0 else ["root"]) + list(_absent())


def missing_packages() -> list[str]:
    """Return the Debian packages that bring what this machine lacks."""
    return [package for packages in _absent().values() for package in packages.split()]


def _absent() -> dict[str, str]:
    """Return the programs that are not there, with the packages that bring them."""
    folders = (*HELPER_FOLDERS, "/usr/bin")
    helpers = {
        name: package
        for name, package in _HELPERS.items()
        if not any(Path(folder, name).exists() for folder in folders)
    }
    return {name: package for name, package in _PROGRAMS.items() if shutil.which(name) is None} | helpers


def _key(cache: Cache) -> str:
    """Return what tells this cache's things apart from those of another cache of this machine."""
    return key_of(str(cache.root))[:8]


def image_store(cache: Cache) -> Podman:
    """Return the podman that holds the images built here; clusters use them without copying."""
    podman = Podman(cache.root / "podman", _RUN / _key(cache) / "images")
    podman.configure()
    return podman


@dataclass(frozen=True, slots=True)
class BuiltNodes:
    """The home of such nodes.

    Args:
        cache: Where the image and the parts of it are kept.
        cluster: The cluster's name.
        addresses: The range of its network.
    """

    cache: Cache
    cluster: str
    addresses: IPv4Network

    @classmethod
    def new(cls, cache: Cache, cluster: str) -> BuiltNodes:
        """Return a home with a free range of addresses.

        Raises:
            Missing: The machine lacks something.
        """
        if lacks := missing():
            raise Missing(
                f"a node image has to be built here, and this machine lacks {', '.join(lacks)}: as root, run\n"
                f"  apt-get install --no-install-recommends {PACKAGES}"
            )
        return cls(cache, cluster, free_range())

    @property
    def state(self) -> dict[str, str]:
        """The range of addresses, by which everything is named."""
        return {"nodes": "built", "engine": "podman", "addresses": str(self.addresses)}

    @property
    def environment(self) -> dict[str, str]:
        """Tells kind to use podman, and podman where its things are."""
        return {"KIND_EXPERIMENTAL_PROVIDER": "podman", **self._podman.environment}

    @property
    def _network(self) -> NodeNetwork:
        return NodeNetwork(f"{_key(self.cache)}-{self.cluster}", self.addresses)

    @property
    def _podman(self) -> Podman:
        folder = self.cache.root / "clusters" / self.cluster / "podman"
        return Podman(
            folder, _RUN / _key(self.cache) / "clusters" / self.cluster, images=image_store(self.cache).folder
        )

    def command(self, *words: str | Path) -> Sequence[str | Path]:
        """Return the words, to be run inside of the nodes' network."""
        return (*self._network.inside, *words)

    def prepare(self) -> str:
        """Build the image, or take it from the cache, and make the network."""
        image = build_node_image(self.cache, image_store(self.cache))
        self._podman.configure()
        self._network.make()
        if not _MODULES.exists():
            _MODULES.mkdir()
        create = ("podman", "network", "create", "--subnet", str(self._network.nodes), "kind")
        run(self.command(*create), env=self.environment)
        return image

    def open_door(self, kubectl: Path, kubeconfig: Path) -> None:
        """Name the API server by its node's address: its published port is on the loopback of the nodes' network."""
        node = f"{self.cluster}-control-plane"
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = run(self.command("podman", "inspect", "--format", template, node), env=self.environment).strip()
        server = f"--server=https://{address}:6443"
        run([kubectl, "--kubeconfig", kubeconfig, "config", "set-cluster", f"kind-{self.cluster}", server])

    def remove(self) -> None:
        """Remove the network, all that runs in it, and its podman."""
        remove = ("podman", "rm", "--all", "--force", "--volumes", "--time", "0")
        attempt(self.command(*remove) if self._network.exists() else remove, env=self.environment)
        if self._network.exists():
            # the name server and other helpers end with the last container, or else now
            for process in self._network.processes():
                os.kill(process, signal.SIGKILL)
            wait_for(lambda: not self._network.processes(), "the end of the cluster's processes", seconds=30)
        self._network.remove()
        self._podman.remove()
        # podman has one group for its containers' groups; another podman's may be in it
        for pattern in ("*/libpod_parent/conmon", "*/libpod_parent"):
            for group in Path("/sys/fs/cgroup").glob(pattern):
                with suppress(OSError):
                    group.rmdir()
        if not any(Path("/run/netns").glob("sluiceway-*")) and _MODULES.is_dir() and not any(_MODULES.iterdir()):
            _MODULES.rmdir()
