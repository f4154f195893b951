"""The project's images: built with the container engine that is there, and brought into a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .builder import Builder
from .cache import Cache
from .cluster import Cluster
from .commands import run
from .go_tools import TOOLS, build
from .pip_secrets import pip_secrets

__all__ = ["IMAGES", "Built", "ProjectImage", "build_images", "load_images"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """An image of this project.

    Args:
        name: Its name, without registry and tag.
        dockerfile: What it is built from.
        arguments: Build arguments of its own.
    """

    name: str
    dockerfile: str
    arguments: Sequence[str] = ()

    def tagged(self, tag: str) -> str:
        """Return its whole name; `localhost` so that nobody ever pulls a stranger's image of that name."""
        return f"localhost/{self.name}:{tag}"


IMAGES = (
    *(
        ProjectImage(f"sluiceway/{service}", "services/Dockerfile", (f"SERVICE={service}",))
        for service in ("orders", "payments", "notifications")
    ),
    ProjectImage("sluiceway/operator", "operator/Dockerfile"),
    ProjectImage("sluiceway/valkey", "hack/valkey/Dockerfile"),
)
"""All of them."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built.

    Args:
        name: Its whole name.
        size: Bytes, uncompressed, with its base image.
    """

    name: str
    size: int


def build_images(cache: Cache, builder: Builder, tag: str, images: Sequence[ProjectImage] = IMAGES) -> list[Built]:
    """Build images.

    Args:
        cache: Where a base image made here is kept.
        builder: What builds.
        tag: The tag of all of them.
        images: Which.
    """
    revision = _revision()
    # one build at a time: they share their layers
    with cache.lock("image-builds"), cache.scratch() as folder:
        builder.clear_up()
        base = builder.base_image()
        arguments = [f"REVISION={revision}", *([f"PYTHON_IMAGE={base}"] if base else [])]
        secrets = pip_secrets(folder)
        for image in images:
            builder.build(
                ROOT / image.dockerfile,
                context=ROOT,
                name=image.tagged(tag),
                arguments=[*arguments, *image.arguments],
                secrets=secrets,
            )
    return [Built(image.tagged(tag), builder.size(image.tagged(tag))) for image in images]


def load_images(cache: Cache, builder: Builder, cluster: Cluster, names: Sequence[str]) -> None:
    """Bring images onto every node of a cluster.

    Args:
        cache: Where the archives lie for a moment.
        builder: What built them.
        cluster: The cluster.
        names: Their whole names.
    """
    kind = build(cache, TOOLS["kind"]) / "kind"
    with cache.scratch() as folder:
        for archive in builder.save(names, folder):
            load = (kind, "load", "image-archive", archive, "--name", cluster.name)
            run(cluster.home.command(*load), env=cluster.home.environment)


def _revision() -> str:
    """Return the commit that is checked out, with a mark if there are changes on top."""
    return run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40"]).strip()
