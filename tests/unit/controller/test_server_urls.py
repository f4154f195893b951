"""Which servers a URL names, and what is said of one that names none."""

import pytest

from sluiceway_operator.connection import Location, read_url, split_login


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("redis://redis", Location("standalone", (("redis", 6379),), encrypted=False)),
        ("rediss://redis:6380/2", Location("standalone", (("redis", 6380),), encrypted=True, database=2)),
        ("redis://[::1]:7000/0", Location("standalone", (("::1", 7000),), encrypted=False)),
        (
            "redis+sentinel://a,b:1/shop/3",
            Location("sentinel", (("a", 26379), ("b", 1)), encrypted=False, database=3, service="shop"),
        ),
        ("rediss+cluster://a,b:1", Location("cluster", (("a", 6379), ("b", 1)), encrypted=True)),
    ],
)
def test_a_url_names_servers(url: str, location: Location) -> None:
    assert read_url(url) == location


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://redis", "must begin with redis://"),
        ("redis://redis:99999", "host 1"),
        ("redis://a,b", "several hosts"),
        ("redis://redis/orders", "number of a database"),
        ("redis+sentinel://a", "name of the service"),
        ("redis+cluster://a/1", "no databases"),
        ("redis://redis?ssl=true", "no options"),
        ("redis://ada:hush@redis", "belong into a Secret"),
    ],
)
def test_a_url_that_cannot_be_one_is_told_why_and_not_repeated(url: str, what: str) -> None:
    with pytest.raises(ValueError, match=what) as refused:
        read_url(url)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://ada:of%2Fgod@redis:1/2", ("redis://redis:1/2", "ada", "of/god")),
        ("redis+sentinel://:hush@a,b/shop", ("redis+sentinel://a,b/shop", None, "hush")),
        ("redis://redis", ("redis://redis", None, None)),
    ],
)
def test_user_and_password_are_taken_out_of_a_url(url: str, parts: tuple[str, str | None, str | None]) -> None:
    assert split_login(url) == parts
