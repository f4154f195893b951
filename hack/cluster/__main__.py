"""`python -m hack.cluster up|down|images|prepare|packages|tool`: what `make cluster` and its relatives run."""

from __future__ import annotations

import argparse
import sys
import time

from .builder import builder_for
from .built import image_store, missing_packages
from .cache import Cache
from .cluster import DEFAULT_CONFIG, DEFAULT_NAME, Cluster, bring_down, bring_up, find
from .errors import ClusterError
from .go_tools import TOOLS, build
from .images import build_images, load_images
from .node_image import build_node_image


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hack.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="create a cluster, or find it running")
    up.add_argument("--name", default=DEFAULT_NAME)
    up.add_argument("--config", default=DEFAULT_CONFIG, help="a file of k8s/kind, without its ending")
    down = commands.add_parser("down", help="remove a cluster and everything that it left")
    down.add_argument("--name", default=DEFAULT_NAME)
    images = commands.add_parser("images", help="build the project's images and load them into the cluster, if it runs")
    images.add_argument("--name", default=DEFAULT_NAME)
    images.add_argument("--tag", default="dev")
    commands.add_parser("prepare", help="build everything that a cluster and its tests need, and keep it")
    commands.add_parser("packages", help="print the Debian packages that are missing for building a node image")
    tool = commands.add_parser("tool", help="build a pinned tool and print the folder that it is in")
    tool.add_argument("tool", choices=TOOLS)
    given = parser.parse_args(arguments)
    cache = Cache.find()
    try:
        match given.command:
            case "up":
                start = time.monotonic()
                print(f"cluster {given.name}: creating it, or finding it running (logs: {cache.logs})", flush=True)
                print(_how_to_reach(bring_up(cache, given.name, given.config), time.monotonic() - start))
            case "down":
                print(f"cluster {given.name}: " + ("removed" if bring_down(cache, given.name) else "there is none"))
            case "images":
                _images(cache, given.name, given.tag)
            case "prepare":
                _prepare(cache)
            case "packages":
                print(" ".join(missing_packages()))
            case "tool":
                print(build(cache, TOOLS[given.tool]))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _images(cache: Cache, name: str, tag: str) -> None:
    builder = builder_for(cache)
    print(f"building images with {builder.program} (log: {cache.logs / 'images.log'})", flush=True)
    built = build_images(cache, builder, tag)
    for image in built:
        print(f"  {image.name}: {image.size / 10**6:.0f} MB")
    cluster = find(cache, name)
    if cluster is None:
        print(f"not loaded: cluster {name} does not run (make cluster, then this again)")
        return
    load_images(cache, builder, cluster, [image.name for image in built])
    print(f"loaded into cluster {name}")


def _prepare(cache: Cache) -> None:
    for name in ("helm", "helm3", "kind", "kubectl"):
        print(f"{name}: {build(cache, TOOLS[name])}", flush=True)
    builder = builder_for(cache)
    if builder.stand_in:
        print(f"node image: {build_node_image(cache, image_store(cache))}", flush=True)
    for image in build_images(cache, builder, "prepared"):
        print(f"image: {image.name}", flush=True)


def _how_to_reach(cluster: Cluster, seconds: float) -> str:
    state = "runs already" if cluster.reused else f"ready after {seconds:.0f} s"
    nodes = cluster.home.state
    return (
        f"cluster {cluster.name}: {state} ({nodes['nodes']} nodes on {nodes['engine']})\n"
        f"  export KUBECONFIG={cluster.kubeconfig}\n"
        f"  {cluster.kubectl} get nodes"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
