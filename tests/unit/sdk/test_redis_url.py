"""One URL names one server, the master that sentinels name, or a cluster; a wrong one is told what it lacks, and not quoted."""

import pytest

from sluiceway import ConfigurationError
from sluiceway.connection.address import read_url

SECRET = "hunter2"


def test_a_url_of_one_server_names_its_host_port_and_database() -> None:
    address = read_url("redis://host:6380/3")

    assert address.topology == "standalone"
    assert address.nodes == (("host", 6380),)
    assert (address.url, address.database) == ("redis://host:6380", 3)


def test_a_url_of_sentinels_names_them_and_the_service_and_the_database_of_its_master() -> None:
    address = read_url("redis+sentinel://one:1001,two:1002,three/shop/3")

    assert address.topology == "sentinel"
    assert address.nodes == (("one", 1001), ("two", 1002), ("three", 26379))
    assert address.service == "shop"
    assert (address.url, address.database) == ("redis://one:1001", 3)


def test_a_url_of_a_cluster_names_some_of_its_nodes() -> None:
    address = read_url("redis+cluster://one,two:7001")

    assert address.topology == "cluster"
    assert address.nodes == (("one", 6379), ("two", 7001))


@pytest.mark.parametrize(
    "url", ["rediss://host:1/0", "rediss+sentinel://host:1/shop/0", "rediss+cluster://host:1,other:2/0"]
)
def test_rediss_means_tls_whatever_the_topology(url: str) -> None:
    assert read_url(url).url == "rediss://host:1"


def test_options_behind_the_question_mark_are_handed_on() -> None:
    assert read_url("redis+cluster://one,two?client_name=me").url == "redis://one:6379?client_name=me"


def test_user_and_password_are_decoded_and_kept_out_of_what_is_shown() -> None:
    address = read_url(f"redis+sentinel://ada:{SECRET}%2F%40@one,two/shop")

    assert (address.username, address.password) == ("ada", f"{SECRET}/@")
    assert SECRET not in f"{address!r} {address.url}"


def test_a_literal_ipv6_address_stands_in_brackets() -> None:
    address = read_url("redis+cluster://[::1]:7000,[2001:db8::1]")

    assert address.nodes == (("::1", 7000), ("2001:db8::1", 6379))
    assert address.url == "redis://[::1]:7000"


def test_a_unix_socket_is_one_server() -> None:
    address = read_url(f"unix://ada:{SECRET}@/run/redis.sock?db=2")

    assert (address.topology, address.url) == ("standalone", "unix:///run/redis.sock?db=2")
    assert (address.username, address.password) == ("ada", SECRET)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (f"http://{SECRET}@host/0", "it must begin with"),
        (SECRET, "it must begin with"),
        (f"redis://:{SECRET}@/0", "host 1"),
        (f"redis+cluster://:{SECRET}@one,:7000", "host 2"),
        (f"redis+cluster://:{SECRET}@one,", "host 2"),
        (f"redis+sentinel://:{SECRET}@one:0/shop", "host 1"),
        (f"redis://:{SECRET}@host:65536", "host 1"),
        (f"redis://:{SECRET}@host:port", "host 1"),
        (f"redis://:{SECRET}@[::1", "host 1"),
        (f"redis://:sec/{SECRET}@host", "host 1"),
        (f"redis://:sec#{SECRET}@host", "#"),
        (f"redis://:{SECRET}@host/zero", "number of a database"),
        (f"redis://:{SECRET}@one,two", "several hosts"),
        (f"redis+sentinel://:{SECRET}@one,two", "name of the service"),
        (f"redis+sentinel://:{SECRET}@one,two/", "name of the service"),
        (f"redis+sentinel://:{SECRET}@one/shop/zero", "number of a database"),
        (f"redis+cluster://:{SECRET}@one,two/1", "a cluster has no databases"),
    ],
)
def test_a_wrong_url_is_told_what_is_wrong_without_being_quoted(url: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_url(url)

    said = str(refused.value).partition("; the forms are ")[0]
    assert what in said
    assert SECRET not in str(refused.value)
