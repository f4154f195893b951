"""Creates, finds and removes clusters."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from .built import BuiltNodes
from .cache import Cache, key_of
from .choice import home_for
from .commands import attempt, run
from .errors import ClusterError
from .go_tools import TOOLS, build
from .home import Home
from .official import OfficialNodes

__all__ = ["DEFAULT_CONFIG", "DEFAULT_NAME", "Cluster", "bring_down", "bring_up", "configurations", "find"]

CONFIGURATIONS = Path(__file__).parents[2] / "k8s" / "kind"
DEFAULT_NAME = "sluiceway"
DEFAULT_CONFIG = "one-node"

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that runs.

    Args:
        name: Its name.
        kubeconfig: The file that leads to it.
        kubectl: The kubectl of its version.
        home: Where its nodes run.
        reused: It ran already.
    """

    name: str
    kubeconfig: Path
    kubectl: Path
    home: Home
    reused: bool

    @property
    def context(self) -> str:
        """The name of its context in the kubeconfig."""
        return _context(self.name)


def configurations() -> list[str]:
    """Return the names that `KIND_CONFIG` may have."""
    return sorted(path.stem for path in CONFIGURATIONS.glob("*.yaml"))


def bring_up(cache: Cache, name: str = DEFAULT_NAME, config: str = DEFAULT_CONFIG) -> Cluster:
    """Return a running cluster, created if there is none of that name.

    Args:
        cache: Where built things are kept, and what is known of clusters.
        name: The cluster's name; several can run side by side.
        config: A file of `k8s/kind`, without its ending.

    Raises:
        Missing: The machine has not what it takes.
        ClusterError: The name or the configuration is wrong, or a cluster of that name runs with another configuration.
    """
    if not _NAME.fullmatch(name):
        raise ClusterError(f"CLUSTER is {name!r}: up to 30 lower-case letters, digits and dashes")
    if config not in configurations():
        raise ClusterError(f"KIND_CONFIG is {config!r}: say one of {', '.join(configurations())}")
    with cache.lock(f"cluster-{name}"):
        running = find(cache, name)
        if running is not None:
            known = json.loads(_state_file(cache, name).read_text())
            if known["config"] != _config_key(config):
                raise ClusterError(
                    f"cluster {name} runs with another configuration than k8s/kind/{config}.yaml:"
                    f" make cluster-down CLUSTER={name} removes it"
                )
            return running
        _remove(cache, name)
        return _create(cache, name, config)


def find(cache: Cache, name: str) -> Cluster | None:
    """Return the cluster of that name if it was created to the end and answers."""
    home = _remembered(cache, name)
    if home is None or not json.loads(_state_file(cache, name).read_text()).get("complete"):
        return None
    kubectl, kubeconfig = build(cache, TOOLS["kubectl"]) / "kubectl", _kubeconfig(cache, name)
    ours = (kubectl, "--kubeconfig", kubeconfig, "--context", _context(name))
    if not attempt([*ours, "get", "--raw", "/readyz", "--request-timeout=10s"]):
        return None
    return Cluster(name, kubeconfig, kubectl, home, reused=True)


def bring_down(cache: Cache, name: str = DEFAULT_NAME) -> bool:
    """Remove a cluster and everything that it left.

    Returns:
        Whether there was something to remove.
    """
    with cache.lock(f"cluster-{name}"):
        return _remove(cache, name)


def _create(cache: Cache, name: str, config: str) -> Cluster:
    kind, kubectl = (build(cache, TOOLS[tool]) / tool for tool in ("kind", "kubectl"))
    with cache.lock("clusters"):
        home = home_for(cache, name)
        _folder(cache, name).mkdir(parents=True)
        # before anything is made, so that whatever is left of a failure can be found and removed
        state = {**home.state, "config": _config_key(config)}
        _state_file(cache, name).write_text(json.dumps(state))
    kubeconfig = _kubeconfig(cache, name)
    create = (
        *(kind, "create", "cluster", "--name", name, "--config", CONFIGURATIONS / f"{config}.yaml"),
        *("--kubeconfig", kubeconfig, "--wait", "180s", "--retain"),
    )
    try:
        image = home.prepare()
        run(home.command(*create, "--image", image), env=home.environment)
        home.open_door(kubectl, kubeconfig)
        for kind_of, selected in (("nodes", ()), ("pods", ("--all-namespaces",))):
            wait = ("wait", "--for=condition=Ready", kind_of, "--all", *selected, "--timeout=180s")
            run([kubectl, "--kubeconfig", kubeconfig, "--context", _context(name), *wait])
        _state_file(cache, name).write_text(json.dumps({**state, "complete": True}))
    except ClusterError:
        logs = cache.logs / f"cluster-{name}"
        shutil.rmtree(logs, ignore_errors=True)
        attempt(home.command(kind, "export", "logs", "--name", name, logs), env=home.environment)
        _remove(cache, name)
        raise
    return Cluster(name, kubeconfig, kubectl, home, reused=False)


def _remove(cache: Cache, name: str) -> bool:
    home = _remembered(cache, name)
    if home is None:
        return False
    kind = build(cache, TOOLS["kind"]) / "kind"
    attempt(
        home.command(kind, "delete", "cluster", "--name", name, "--kubeconfig", _kubeconfig(cache, name)),
        env=home.environment,
    )
    home.remove()
    shutil.rmtree(_folder(cache, name))
    return True


def _remembered(cache: Cache, name: str) -> Home | None:
    file = _state_file(cache, name)
    if not file.exists():
        return None
    state = json.loads(file.read_text())
    if state["nodes"] == "built":
        return BuiltNodes(cache, name, IPv4Network(state["addresses"]))
    return OfficialNodes(state["engine"])


def _config_key(config: str) -> str:
    return key_of(CONFIGURATIONS / f"{config}.yaml")


def _context(name: str) -> str:
    """What kind calls the context; it is always named, so that no other cluster is reached, whatever is the current one."""
    return f"kind-{name}"


def _folder(cache: Cache, name: str) -> Path:
    return cache.root / "clusters" / name


def _state_file(cache: Cache, name: str) -> Path:
    return _folder(cache, name) / "state.json"


def _kubeconfig(cache: Cache, name: str) -> Path:
    return _folder(cache, name) / "kubeconfig"
