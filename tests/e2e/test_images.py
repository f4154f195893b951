"""The images in a cluster that enforces restricted pod security."""

from typing import Any

import pytest
from tests.support.eventually import eventually_sync
from tests.support.kubernetes import Kubectl

SERVICES = ("orders", "payments", "notifications")


def restricted_pod(name: str, image: str, **environment: str) -> dict[str, Any]:
    """Return a pod that may as little as a pod can, and says nothing of the user that it runs as."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": name,
                    "image": image,
                    "imagePullPolicy": "Never",
                    "env": [{"name": key, "value": value} for key, value in environment.items()],
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "resources": {"limits": {"memory": "256Mi"}},
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }


@pytest.fixture
def service(request: pytest.FixtureRequest, namespace: Kubectl, images: dict[str, str]) -> str:
    """A running pod of one of the services, with a server that does not exist."""
    name: str = request.param
    # what stands in for a payment provider and a mail server writes its records there; orders has none
    settings = {"REDIS_URL": "redis://127.0.0.1:6379", "RECORD_DIRECTORY": "/data"}
    variables = {f"{name.upper()}_{setting}": value for setting, value in settings.items()}
    namespace.apply(restricted_pod(name, images[name], **variables))
    namespace("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=120s", seconds=150)
    return name


@pytest.mark.parametrize("service", SERVICES, indirect=True)
class TestEachService:
    def test_it_runs_restricted_and_is_alive_without_its_server_but_not_ready(
        self, namespace: Kubectl, service: str
    ) -> None:
        eventually_sync(lambda: namespace.http(service, "/healthz"), within_seconds=60, ignoring=(Exception,))

        with pytest.raises(Exception, match=r"503|unavailable|currently unable"):
            namespace.http(service, "/readyz")

    def test_sigterm_ends_it_with_success(self, namespace: Kubectl, service: str) -> None:
        eventually_sync(lambda: namespace.http(service, "/healthz"), within_seconds=60, ignoring=(Exception,))

        namespace("exec", service, "--", "python", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")

        namespace("wait", f"pod/{service}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")

    def test_it_brings_no_client_of_kubernetes_and_nothing_that_it_could_change(
        self, namespace: Kubectl, service: str
    ) -> None:
        looks = (
            "import importlib.util as u, os, sys;"
            "print([n for n in ('kopf', 'kubernetes', 'pip') if u.find_spec(n)], os.getuid(), os.access(sys.prefix, os.W_OK))"
        )

        assert namespace("exec", service, "--", "python", "-c", looks).strip() == "[] 65532 False"


def test_the_operator_brings_nothing_of_the_services_and_nothing_that_it_could_change(
    namespace: Kubectl, images: dict[str, str]
) -> None:
    looks = (
        "import importlib.util as u, os, sys, sluiceway_operator;"
        "print([n for n in ('sluiceway', 'shop_events', 'pip') if u.find_spec(n)], os.getuid(), os.access(sys.prefix, os.W_OK))"
    )
    pod = restricted_pod("operator", images["operator"])
    pod["spec"]["containers"][0]["command"] = ["python", "-c", looks]

    namespace.apply(pod)
    namespace("wait", "pod/operator", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s", seconds=150)

    assert namespace("logs", "operator").strip() == "[] 65532 False"


def test_the_server_of_the_cluster_keeps_what_it_is_given(namespace: Kubectl, images: dict[str, str]) -> None:
    namespace.apply(restricted_pod("valkey", images["valkey"]))
    namespace("wait", "pod/valkey", "--for=condition=Ready", "--timeout=120s", seconds=150)

    eventually_sync(
        lambda: namespace("exec", "valkey", "--", "valkey-cli", "set", "key", "value").strip() == "OK",
        within_seconds=60,
        ignoring=(Exception,),
    )

    assert namespace("exec", "valkey", "--", "valkey-cli", "get", "key").strip() == "value"
