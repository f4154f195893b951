"""One of several operators that want to write: `KUBECONFIG NAMESPACE LEASE IDENTITY DEPLOYMENT REPLICAS`.

While it leads it asks for its number of replicas again and again, through the port that the operator writes through.
SIGTERM gives the Lease up.
"""

import asyncio
import signal
import sys

from kubernetes.aio import config

from sluiceway_operator.kube import Api, KubernetesWorkloads, Lease, LeaseName
from sluiceway_operator.ports import NotLeading, Target, TargetUnavailable
from sluiceway_operator.resource import ScaleTargetRef


async def main(*words: str) -> None:
    """Be a candidate until SIGTERM."""
    kubeconfig, namespace, name, identity, deployment, replicas = words
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    client = await config.new_client_from_config(kubeconfig)  # type: ignore[no-untyped-call]
    async with client:
        api = Api(client)
        lease = Lease(api, LeaseName(namespace, name), identity)
        workloads = KubernetesWorkloads(api, lease)
        target = Target(namespace, ScaleTargetRef(name=deployment))
        holding = asyncio.create_task(lease.run())
        _say("candidate")
        was = False
        while not ending.is_set():
            try:
                await workloads.scale(target, int(replicas))
                lease.check()
                leads = True
            except (NotLeading, TargetUnavailable):
                leads = False
            if leads != was:
                _say("leads" if leads else "waits")
            was = leads
            await asyncio.sleep(0.02)
        holding.cancel()
        await lease.release()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
