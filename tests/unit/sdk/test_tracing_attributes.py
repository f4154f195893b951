"""The names on spans are those of the semantic conventions."""

from opentelemetry.semconv._incubating.attributes import messaging_attributes
from opentelemetry.semconv.attributes import error_attributes, server_attributes
from opentelemetry.semconv.schemas import Schemas

from sluiceway.tracing import attributes


def test_the_names_are_those_of_the_version_that_the_spans_claim() -> None:
    ours = {value for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str)}
    conventional = {
        value
        for module in (messaging_attributes, error_attributes, server_attributes)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }

    assert {name for name in ours if not name.startswith("sluiceway.")} - conventional == {attributes.SCHEMA_URL}
    assert attributes.SCHEMA_URL in {schema.value for schema in Schemas}
    assert {operation.value for operation in messaging_attributes.MessagingOperationTypeValues} >= {"send", "process"}


def test_a_server_is_told_without_its_user_and_password() -> None:
    assert attributes.server_attributes("rediss://ada:secret@redis.example:6390/2") == {
        "messaging.system": "redis",
        "server.address": "redis.example",
        "server.port": 6390,
    }
    assert attributes.server_attributes("unix:///run/redis.sock") == {"messaging.system": "redis"}
