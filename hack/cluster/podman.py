"""A podman with storage, configuration and run-time files of its own: nothing of the machine's podman is touched."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from .commands import run

__all__ = ["HELPER_FOLDERS", "Podman"]

HELPER_FOLDERS = ("/usr/lib/podman", "/usr/libexec/podman", "/usr/local/lib/podman")
"""Where packages put the programs that only podman calls."""

_NETAVARK = """#!/bin/sh
# podman tells netavark, and with it the name server, one folder for all podmans of a machine: the name server of the
# first network namespace would be taken for that of every other. This gives each podman a folder of its own.
before=
for word do
  shift
  if [ "$before" = --config ]; then word={folder}; fi
  set -- "$@" "$word"
  before=$word
done
for folder in {helpers}; do
  if [ -x "$folder/netavark" ]; then exec "$folder/netavark" "$@"; fi
done
echo 'netavark is in none of {helpers}' >&2
exit 127
"""


@dataclass(frozen=True, slots=True)
class Podman:
    """One instance of podman.

    Args:
        folder: Its images, containers and configuration.
        state: Its run-time files.
        images: A folder of another instance whose images can be used here without being copied.
    """

    folder: Path
    state: Path
    images: Path | None = None

    @property
    def storage(self) -> Path:
        """The folder of its images and containers."""
        return self.folder / "storage"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a podman (or buildah, or kind) be this one."""
        return {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }

    def configure(self) -> None:
        """Write its configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shared = [str(self.images / "storage")] if self.images else []
        helpers = self.folder / "helpers"
        helpers.mkdir(exist_ok=True)
        names = self.state / "networks"
        names.mkdir(parents=True, exist_ok=True)
        netavark = helpers / "netavark"
        netavark.write_text(_NETAVARK.format(folder=quote(str(names)), helpers=" ".join(HELPER_FOLDERS)))
        netavark.chmod(0o755)
        (self.folder / "storage.conf").write_text(
            f"""[storage]
driver = "overlay"
graphroot = "{self.storage}"
runroot = "{self.state / "storage"}"
[storage.options]
additionalimagestores = {_list(shared)}
"""
        )
        (self.folder / "containers.conf").write_text(
            f"""[engine]
events_logger = "file"
# the machine may have mixed cgroups, which crun does not take, and no systemd
cgroup_manager = "cgroupfs"
runtime = "runc"
tmp_dir = "{self.state / "libpod"}"
helper_binaries_dir = {_list([str(helpers), *HELPER_FOLDERS])}
volume_path = "{self.folder / "volumes"}"
[network]
network_backend = "netavark"
network_config_dir = "{self.folder / "networks"}"
[containers]
default_ulimits = {_list(_limits())}
log_driver = "k8s-file"
"""
        )

    def remove(self) -> None:
        """Remove everything of it; its containers are gone before."""
        for mounted in _mounts_under(self.folder, self.state):
            run(["umount", "--lazy", mounted])
        for folder in (self.folder, self.state):
            if folder.exists():
                shutil.rmtree(folder)


def _limits() -> list[str]:
    """Return the highest limits that podman can give here: its own defaults may lie above what this process has."""
    files, processes = (resource.getrlimit(limit)[1] for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
    files = 1_048_576 if files == resource.RLIM_INFINITY else min(files, 1_048_576)
    # podman lowers its own number of processes to this before it gives anything on
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    processes = most if processes == resource.RLIM_INFINITY else min(processes, most)
    return [f"nofile={files}:{files}", f"nproc={processes}:{processes}"]


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _mounts_under(*folders: Path) -> list[str]:
    """Return what is mounted below the folders, innermost first."""
    places = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in reversed(places) if any(Path(place).is_relative_to(folder) for folder in folders)]
