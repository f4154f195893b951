"""The README's tour on a cluster, command by command, with only its port and its images' tag exchanged."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.cluster import Cluster
from tests.support.eventually import eventually_sync
from tests.support.helm import find_helm
from tests.support.kubernetes import TAG
from tests.support.repository import ROOT
from tests.support.tour import tour_steps

from sluiceway.embedded.ports import free_port

pytestmark = pytest.mark.timeout(600, func_only=True)

# the first makes the cluster, which the fixtures do
STEPS = tour_steps((ROOT / "README.md").read_text(), "cluster-tour")[1:]


class Terminal:
    """Runs commands as a user of the cluster would.

    Args:
        cluster: The cluster.
        folder: Where background steps write.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        tools = f"{cluster.kubectl.parent}:{Path(find_helm()).parent}"
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": f"{tools}:{os.environ['PATH']}",
        }
        self._folder = folder
        self._port = str(free_port())
        self._behind: list[subprocess.Popen[bytes]] = []

    def run(self, commands: str) -> str:
        """Run commands to their end and return what they say."""
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._fitted(commands)],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{commands}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def begin(self, commands: str) -> Path:
        """Run commands in another terminal, and return the file that has what they say."""
        said = self._folder / f"terminal-{len(self._behind)}.log"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", self._fitted(commands)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._behind.append(process)
        return said

    def close(self) -> None:
        """End what still runs."""
        for process in self._behind:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _fitted(self, commands: str) -> str:
        return commands.replace("8080", self._port).replace("image.tag=dev", f"image.tag={TAG}")


@pytest.fixture
def terminal(cluster: Cluster, images: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    assert images
    terminal = Terminal(cluster, tmp_path)
    yield terminal
    terminal.close()
    terminal.run("kubectl delete crd streamconsumers.sluiceway.dev --ignore-not-found --timeout=60s")


def test_the_tour_on_a_cluster_is_as_the_readme_says(terminal: Terminal) -> None:
    foreground = [step for step in STEPS if not step.background]
    behind = [step for step in STEPS if step.background]
    install, apply, order, why, remove = foreground
    watch, forward = behind
    assert ("helm install sluiceway" in install.commands, "curl" in order.commands) == (True, True)

    terminal.run(install.commands)
    terminal.run(apply.commands)
    watched = terminal.begin(watch.commands)
    forwarded = terminal.begin(forward.commands)
    eventually_sync(lambda: "Forwarding from" in forwarded.read_text(), within_seconds=60)
    terminal.run(order.commands)
    told = terminal.run(why.commands)
    eventually_sync(lambda: seen_replicas(watched)[-1:] == ["0"], within_seconds=60)

    assert "replicas of Deployment default/shop-payments" in told
    assert {each for each in seen_replicas(watched) if each != "0"}
    terminal.run(remove.commands)


def seen_replicas(watched: Path) -> list[str]:
    """The replicas in the lines of `kubectl get strc --watch`: the third column."""
    return [line.split()[2] for line in watched.read_text().splitlines() if line.startswith("payments ")]
