"""The cache of built things: what makes a new one necessary, and that a failure leaves none behind."""

from pathlib import Path
from threading import Thread

import pytest
from hack.cluster.cache import Cache, key_of


class TestKeys:
    def test_the_same_inputs_have_the_same_key(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("a")

        assert key_of("text", tmp_path) == key_of("text", tmp_path)

    @pytest.mark.parametrize("change", ["content", "name", "new file"])
    def test_a_changed_folder_has_another_key(self, tmp_path: Path, change: str) -> None:
        (tmp_path / "a.txt").write_text("a")
        before = key_of(tmp_path)

        match change:
            case "content":
                (tmp_path / "a.txt").write_text("b")
            case "name":
                (tmp_path / "a.txt").rename(tmp_path / "b.txt")
            case _:
                (tmp_path / "deeper").mkdir()
                (tmp_path / "deeper" / "c.txt").write_text("")

        assert key_of(tmp_path) != before

    def test_inputs_do_not_run_into_each_other(self) -> None:
        assert key_of("ab", "c") != key_of("a", "bc")


class TestArtefacts:
    def test_what_is_there_is_not_made_again(self, tmp_path: Path) -> None:
        cache, made = Cache(tmp_path), []

        def make(folder: Path) -> None:
            made.append(folder)
            (folder / "program").write_text("1")

        first, second = (cache.artefact("tool", "1", make) for _ in range(2))

        assert first == second
        assert (first / "program").read_text() == "1"
        assert len(made) == 1

    def test_a_failure_leaves_nothing_and_is_tried_again(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path)

        def fail(folder: Path) -> None:
            (folder / "half").write_text("")
            raise RuntimeError("no space")

        with pytest.raises(RuntimeError, match="no space"):
            cache.artefact("tool", "1", fail)
        made = cache.artefact("tool", "1", lambda folder: (folder / "whole").touch())

        assert [path.name for path in made.iterdir()] == ["whole"]
        assert list((tmp_path / "scratch").iterdir()) == []

    def test_it_is_made_once_however_many_ask(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path)
        made: list[Path] = []
        asking = [Thread(target=lambda: cache.artefact("tool", "1", made.append)) for _ in range(8)]

        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()

        assert len(made) == 1

    def test_two_versions_stay_and_older_ones_go(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path)

        for key in ("1", "2", "3"):
            cache.artefact("tool", key, lambda _: None)
            cache.artefact("tool-box", key, lambda _: None)

        assert {path.name for path in (tmp_path / "artefacts").iterdir()} == {
            "tool-2",
            "tool-3",
            "tool-box-2",
            "tool-box-3",
        }


class TestPlace:
    def test_a_variable_of_its_own_names_it(self, tmp_path: Path) -> None:
        environment = {"SLUICEWAY_CACHE": str(tmp_path), "XDG_CACHE_HOME": "/elsewhere"}

        assert Cache.find(environment).root == tmp_path

    def test_otherwise_it_is_in_the_users_cache_folder(self, tmp_path: Path) -> None:
        assert Cache.find({"XDG_CACHE_HOME": str(tmp_path)}).root == tmp_path / "sluiceway"
        assert Cache.find({}).root == Path("~/.cache/sluiceway").expanduser().resolve()
