"""What a consumer calls itself."""

import os
import re
import socket

import pytest

from sluiceway import ConfigurationError, Service
from sluiceway.naming import consumer_name

IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "payments-7d9f-abcde"}


def test_in_a_pod_it_is_the_name_of_the_pod() -> None:
    assert consumer_name(IN_A_POD) == "payments-7d9f-abcde"


def test_a_pod_name_that_is_given_goes_before_the_host_name() -> None:
    assert consumer_name({**IN_A_POD, "POD_NAME": "payments-0"}) == "payments-0"


@pytest.mark.parametrize("environment", [{}, {"HOSTNAME": "laptop"}, {"POD_NAME": "", "HOSTNAME": "laptop"}])
def test_elsewhere_it_is_host_process_and_a_random_part(environment: dict[str, str]) -> None:
    pattern = rf"{re.escape(socket.gethostname())}-{os.getpid()}-[0-9a-f]{{6}}"
    assert re.fullmatch(pattern, consumer_name(environment))


def test_two_consumers_of_one_process_outside_of_a_pod_have_different_names() -> None:
    assert len({consumer_name({}) for _ in range(50)}) > 1


def test_a_service_takes_the_name_it_is_given_and_finds_one_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "payments-0")
    assert Service("payments", redis="redis://127.0.0.1:1").consumer == "payments-0"
    assert Service("payments", redis="redis://127.0.0.1:1", consumer="mine").consumer == "mine"


@pytest.mark.parametrize("name", ["~released", "~mine"])
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"consumer='{name}'.*begin with '~'"):
        Service("payments", redis="redis://127.0.0.1:1", consumer=name)
