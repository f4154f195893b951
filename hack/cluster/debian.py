"""Root file systems from Debian's packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache, key_of
from .commands import run

__all__ = ["APPLICATION_BASE", "NODE", "NODE_TOOLS", "RootFilesystem"]


@dataclass(frozen=True, slots=True)
class RootFilesystem:
    """A root file system that can be made.

    Args:
        name: The artefact's name.
        suite: Debian's release.
        packages: What it has, besides what they need.
        variant: As mmdebstrap knows them: `minbase` is a small system, `extract` nothing but the packages' files.
        finish: A program that is run when the packages are unpacked; its argument is the folder.
    """

    name: str
    suite: str
    packages: Sequence[str]
    variant: str = "minbase"
    finish: Path | None = None

    def make(self, cache: Cache) -> Path:
        """Return it as a tar file."""
        return cache.artefact(self.name, self.key, lambda folder: self._make(cache, folder)) / "root.tar"

    @property
    def key(self) -> str:
        """What it is made from, as a key of the cache."""
        finish = [self.finish] if self.finish else []
        return key_of(Path(__file__), self.name, *finish)

    def _make(self, cache: Cache, folder: Path) -> None:
        run(
            [
                "mmdebstrap",
                "--mode=root",
                f"--variant={self.variant}",
                f"--include={','.join(self.packages)}",
                *([f"--extract-hook={self.finish}"] if self.finish else []),
                "--dpkgopt=path-exclude=/usr/share/doc/*",
                "--dpkgopt=path-exclude=/usr/share/locale/*",
                "--dpkgopt=path-exclude=/usr/share/man/*",
                self.suite,
                folder / "root.tar",
            ],
            log=cache.logs / f"{self.name}.log",
        )


NODE = RootFilesystem(
    "node-system",
    "bookworm",
    # as in kind's own base image, without what it has for network file systems
    (
        *("systemd", "dbus"),
        *("conntrack", "iptables", "nftables", "iproute2", "ethtool", "util-linux", "mount", "kmod"),
        *("libseccomp2", "e2fsprogs", "bash", "ca-certificates", "curl", "jq", "procps"),
        *("containerd", "runc", "containernetworking-plugins"),
    ),
)
"""What a cluster's node runs on."""

NODE_TOOLS = RootFilesystem(
    "node-tools",
    "bookworm",
    ("busybox", "iptables", "nftables", "conntrack", "kmod", "iproute2"),
    variant="extract",
    finish=Path(__file__).parents[1] / "kind-node" / "finish-node-tools.sh",
)
"""What the node's own pods need besides their program: a shell, and the tools of the kernel's packet filter."""

APPLICATION_BASE = RootFilesystem(
    "application-base",
    "trixie",
    ("python3", "python3-venv", "ca-certificates"),
)
"""Stands in for `python:3.13-slim` where no image can be pulled."""
