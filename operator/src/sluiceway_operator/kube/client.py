"""The way to the API server: the pod's account inside of a cluster, else a kubeconfig; for the official client and for kopf."""

from dataclasses import dataclass

from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

__all__ = ["ClusterUnknown", "Way"]


class ClusterUnknown(Exception):
    """There is no pod's account, and no kubeconfig that leads anywhere."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the API server is reached.

    Args:
        configuration: Address, certificates and login.
        from_pod: Whether that is the pod's account, whose token is read again as it is renewed.
    """

    configuration: Configuration
    from_pod: bool

    @classmethod
    async def find(cls, kubeconfig: str | None = None, context: str | None = None) -> "Way":
        """Find it.

        Args:
            kubeconfig: The file; None: the pod's account if there is one, else $KUBECONFIG or the user's file.
            context: Of the kubeconfig; None: the current one.

        Raises:
            ClusterUnknown: There is none.
        """
        # the class keeps one configuration as the default of all: this one stays ours
        configuration = type.__call__(Configuration)
        if kubeconfig is None and context is None:
            try:
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            except config.ConfigException:
                pass
            else:
                return cls(configuration, from_pod=True)
        try:
            await config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=kubeconfig, context=context, client_configuration=configuration, persist_config=False
            )
        except (config.ConfigException, OSError) as error:
            raise ClusterUnknown(str(error)) from error
        return cls(configuration, from_pod=False)

    def client(self) -> ApiClient:
        """Return a new client; whoever asks for it closes it."""
        return ApiClient(configuration=self.configuration)
