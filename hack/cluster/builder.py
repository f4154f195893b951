"""Builds images with docker, podman or buildah."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .built import PACKAGES, image_store, missing
from .cache import Cache, key_of
from .choice import VARIABLE, container_engine
from .commands import attempt, run
from .debian import APPLICATION_BASE
from .errors import Missing
from .image_archive import Image, write

__all__ = ["Builder", "builder_for"]

DOCKERFILE = Path(__file__).parents[2] / "services" / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Builder:
    """One of the programs, and how it is told to work here.

    Args:
        program: `docker`, `podman` or `buildah`.
        cache: Where a base image made here is kept.
        stand_in: Build on a base image made here, with images kept apart from the machine's.
    """

    program: str
    cache: Cache
    stand_in: bool = False
    _own: Mapping[str, str] = field(default_factory=dict)

    def base_image(self) -> str | None:
        """Return the base image to build on; None: the one that the Dockerfile names."""
        if not self.stand_in:
            return None
        key = key_of(APPLICATION_BASE.key, Path(__file__).with_name("image_archive.py"))
        name = f"localhost/sluiceway/python:{key}"
        with self.cache.lock("application-base-image"):
            if not self._has(name):
                system = APPLICATION_BASE.make(self.cache)
                with self.cache.scratch() as folder:
                    archive = folder / "base.tar"
                    write(Image(name, base=system), archive)
                    load = (
                        ("pull", f"docker-archive:{archive}")
                        if self.program == "buildah"
                        else ("load", "--input", archive)
                    )
                    run([self.program, *load], env=self._environment)
        return name

    def build(
        self,
        dockerfile: Path,
        *,
        context: Path,
        name: str,
        arguments: Sequence[str],
        secrets: Mapping[str, Path],
    ) -> None:
        """Build one image.

        Args:
            dockerfile: What it is built from.
            context: The folder that the Dockerfile copies from.
            name: Its name with tag.
            arguments: Build arguments, as in `SERVICE=orders`.
            secrets: Files for the secrets that the Dockerfile mounts.
        """
        words: list[str | Path] = [self.program, "build", "--file", dockerfile, "--tag", name]
        words += [word for argument in arguments for word in ("--build-arg", argument)]
        words += [word for secret, file in secrets.items() for word in ("--secret", f"id={secret},src={file}")]
        if self.program != "docker":
            words.append("--layers")
        if self.stand_in and self.program != "docker":
            # no container of its own for RUN: neither a network nor cgroups have to be set up
            words += ["--isolation=chroot", "--network=host", "--pull=never"]
        run([*words, context], env=self._environment, log=self.cache.logs / "images.log")

    def clear_up(self) -> None:
        """Remove what killed builds, and builds of days ago, left in the store that is kept apart."""
        if self.stand_in and self.program == "podman":
            left = run([self.program, "ps", "--all", "--external", "--quiet"], env=self._environment).split()
            if left:
                run([self.program, "rm", "--force", *left], env=self._environment)
            run([self.program, "image", "prune", "--force", "--filter", "until=48h"], env=self._environment)

    def size(self, name: str) -> int:
        """Return an image's size in bytes, uncompressed."""
        if self.program == "buildah":
            listed = run([self.program, "images", "--json", name], env=self._environment)
            found = re.search(r'"size": "([\d.]+) (\w+)"', listed)
            return int(float(found[1]) * {"KB": 10**3, "MB": 10**6, "GB": 10**9}[found[2]]) if found else 0
        return int(run([self.program, "image", "inspect", "--format", "{{.Size}}", name], env=self._environment))

    def save(self, names: Sequence[str], folder: Path) -> list[Path]:
        """Write images into archives in a folder, as few as the program can."""
        if self.program == "buildah":
            archives = []
            for number, name in enumerate(names):
                archives.append(folder / f"{number}.tar")
                run([self.program, "push", name, f"docker-archive:{archives[-1]}:{name}"], env=self._environment)
            return archives
        archive = folder / "images.tar"
        several = ["--multi-image-archive"] if self.program == "podman" else []
        run([self.program, "save", *several, "--output", archive, *names], env=self._environment)
        return [archive]

    def _has(self, name: str) -> bool:
        inspect = ["inspect", "--type", "image"] if self.program == "buildah" else ["image", "inspect"]
        return attempt([self.program, *inspect, name], env=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        buildkit = {"DOCKER_BUILDKIT": "1"} if self.program == "docker" else {}
        # where podman and buildah keep what a Dockerfile's cache mounts hold
        caches = {"TMPDIR": str(self.cache.folder("builds"))} if self.stand_in else {}
        return {**buildkit, **caches, **self._own}


def builder_for(cache: Cache, environment: Mapping[str, str] = os.environ) -> Builder:
    """Return what builds images here.

    The base image is pulled where that is possible, else one is made here; `SLUICEWAY_NODES` decides without trying,
    as it does for nodes.

    Raises:
        Missing: There is no such program, or a base image has to be made and something for that is missing.
    """
    program = container_engine() or ("buildah" if shutil.which("buildah") else None)
    if program is None:
        raise Missing("there is nothing that builds images: start Docker, or install podman or buildah")
    wanted = environment.get(VARIABLE, "")
    if wanted == "official" or (wanted != "built" and _can_pull(program)):
        return Builder(program, cache)
    if lacks := missing():
        raise Missing(
            f"the base image cannot be pulled, and to make one this machine lacks {', '.join(lacks)}: as root, run\n"
            f"  apt-get install --no-install-recommends {PACKAGES}"
        )
    own = {} if program == "docker" else image_store(cache).environment
    return Builder(program, cache, stand_in=True, _own=own)


def _can_pull(program: str) -> bool:
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)", DOCKERFILE.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{DOCKERFILE} names no PYTHON_IMAGE")
    return attempt([program, "pull", "--quiet", found[1]], seconds=600)
