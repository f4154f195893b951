"""What the README shows is what is there."""

import re

from tests.support.repository import ROOT


def test_the_first_services_in_the_readme_are_the_example_word_for_word() -> None:
    shown = re.search(r"<!-- hello:begin .*?-->\n```python\n(.*?)```\n", (ROOT / "README.md").read_text(), re.DOTALL)

    assert shown is not None
    assert shown[1] == (ROOT / "examples/hello/hello.py").read_text()


def test_the_first_two_services_take_less_than_forty_lines() -> None:
    assert len((ROOT / "examples/hello/hello.py").read_text().splitlines()) < 40
