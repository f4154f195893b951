"""Requests to the API server as plain JSON: the official client's connection and login, without its models."""

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError
from kubernetes.aio.client import ApiClient

__all__ = ["Api", "ApiFault", "Json"]

Json = dict[str, Any]

_SECONDS = 10.0
_MERGE = "application/merge-patch+json"
_JSON = "application/json"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_FIRST_FAULT = 400
_NOT_FOUND = 404
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._:-]+)+")
"""Names in a path are what somebody wrote into a resource: with `..` in one, it would lead to another namespace."""


class ApiFault(Exception):
    """The API server refused, or did not answer.

    Args:
        status: The HTTP status; 0 if nobody answered.
        message: What it said.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """Talks to one API server.

    Args:
        client: The official client; whoever made it closes it.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._plurals: dict[tuple[str, str], str] = {}

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Read.

        Raises:
            ApiFault: It was refused, or nobody answers in time.
        """
        return await self._request("GET", path, query=query)

    async def list_metadata(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Read a list of which only names, labels and the like are sent: a tenth of the whole; raises as `get` does."""
        listing = await self._request("GET", path, query=query, accept=_METADATA)
        # of nothing the API server says null here, and only here
        return {**listing, "items": listing.get("items") or []}

    async def post(self, path: str, body: Json) -> Json:
        """Create; raises as `get` does."""
        return await self._request("POST", path, body=body)

    async def put(self, path: str, body: Json) -> Json:
        """Replace; raises as `get` does."""
        return await self._request("PUT", path, body=body)

    async def merge(self, path: str, body: Json) -> Json:
        """Change some fields; raises as `get` does."""
        return await self._request("PATCH", path, body=body, content_type=_MERGE)

    async def plural(self, api_version: str, kind: str) -> str:
        """Return what a kind is called in paths, as the API server says.

        Raises:
            ApiFault: With status 404 if there is no such kind; or as `get` does.
        """
        known = self._plurals.get((api_version, kind))
        if known is None:
            listing = await self.get(group_path(api_version))
            for resource in listing["resources"]:
                if "/" not in resource["name"]:
                    self._plurals[api_version, resource["kind"]] = resource["name"]
            known = self._plurals.get((api_version, kind))
        if known is None:
            raise ApiFault(_NOT_FOUND, f"there is no kind {kind} in {api_version}")
        return known

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Json:
        if not _PATH.fullmatch(path):
            raise ApiFault(_NOT_FOUND, f"there can be nothing at {path}")
        headers = {"Accept": accept, **({"Content-Type": content_type} if body is not None else {})}
        parameters = await self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = await self._client.call_api(*parameters, _request_timeout=_SECONDS)
            content: bytes = await answer.read()  # type: ignore[no-untyped-call]
        except (ClientError, OSError, TimeoutError) as error:
            raise ApiFault(0, f"the API server does not answer: {str(error) or type(error).__name__}") from error
        said = _json(content)
        if answer.status >= _FIRST_FAULT:
            raise ApiFault(answer.status, str(said.get("message") or answer.reason))
        return said


def group_path(api_version: str) -> str:
    """Return the path of an API group's version: `apps/v1` is `/apis/apps/v1`, `v1` is `/api/v1`."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _json(content: bytes) -> Json:
    try:
        said: Json = json.loads(content)
    except ValueError:
        return {"message": content.decode("utf-8", "replace")[:500]}
    return said
