"""A cluster comes, is found again, and goes without a trace."""

import json
from pathlib import Path

import psutil
import pytest
from hack.cluster import TOOLS, Cache, Cluster, ClusterError, bring_down, bring_up
from hack.cluster.commands import run
from hack.cluster.go_tools import version_of

NAME = "e2e-life"


def kubectl(cluster: Cluster, *words: str) -> str:
    return run([cluster.kubectl, "--kubeconfig", cluster.kubeconfig, *words], seconds=120)


def traces(cache: Cache) -> list[str]:
    """Everything of that cluster that this machine has, by its name."""
    places = [
        *(cache.root / "clusters").glob(NAME),
        *Path("/run/netns").glob(f"sluiceway-*-{NAME}"),
        *Path("/run/sluiceway").glob(f"*/clusters/{NAME}"),
    ]
    found = list(map(str, places))
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if NAME in line]
    commands = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    found += [command for command in commands if NAME in command]
    return found


@pytest.mark.timeout(1800)
def test_a_cluster_beside_another_is_created_once_found_again_and_removed_without_a_trace(cluster: Cluster) -> None:
    cache = Cache.find()
    bring_down(cache, NAME)
    user_config = Path("~/.kube/config").expanduser()
    before = (user_config.exists(), Path("/proc/sys/net/ipv4/ip_forward").read_text())

    try:
        # several nodes, who have to find each other by name while those of the other cluster do too
        created, found = bring_up(cache, NAME, "two-workers"), bring_up(cache, NAME, "two-workers")

        assert (created.reused, found.reused) == (False, True)
        version = json.loads(kubectl(found, "version", "--output", "json"))["serverVersion"]["gitVersion"]
        assert version == version_of(TOOLS["kubernetes"])
        with pytest.raises(ClusterError, match="runs with another configuration"):
            bring_up(cache, NAME, "one-node")
        assert traces(cache)
    finally:
        removed = bring_down(cache, NAME)

    assert removed
    assert traces(cache) == []
    assert (user_config.exists(), Path("/proc/sys/net/ipv4/ip_forward").read_text()) == before
    assert not bring_down(cache, NAME)
    assert kubectl(cluster, "get", "--raw", "/readyz") == "ok"


class TestThreeNodes:
    def test_all_are_ready(self, cluster: Cluster) -> None:
        nodes = json.loads(kubectl(cluster, "get", "nodes", "--output", "json"))["items"]

        assert len(nodes) == 3
        assert all(
            {"type": "Ready", "status": "True"}.items() <= condition.items()
            for node in nodes
            for condition in node["status"]["conditions"]
            if condition["type"] == "Ready"
        )

    def test_nothing_of_it_gets_out_of_this_machine(self, cluster: Cluster) -> None:
        if cluster.home.state["nodes"] == "official":
            return  # those are on the network of the machine's own Docker, as its owner set it up
        routes = run(cluster.home.command("ip", "route"))

        assert "default" not in routes
