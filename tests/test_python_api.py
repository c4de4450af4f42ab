"""Tests of the pages that show how Tumorscope is used: they run, and miss nothing."""

from __future__ import annotations

import importlib.util
import re

import pytest
import typer

from tumorscope.cli import app

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def executed(repository, page):
    path = repository / "docs" / "scripts" / "execute_page.py"
    module_spec = importlib.util.spec_from_file_location("execute_page", path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module.executed(page)


def shape(page):
    """Return a page with its numbers and the spaces that align them taken out."""
    return [" ".join(NUMBER.sub("#", line).split()) for line in page.splitlines()]


def test_what_a_block_prints_is_written_below_it(repository):
    """Blocks share names, old results are replaced, and silent blocks have none."""
    page = (
        "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\nold\n```\nend\n"
    )

    assert executed(repository, page) == page.replace("old", "1")


@pytest.mark.slow
def test_the_python_page_runs_and_prints_what_it_shows(repository):
    """Each block works as it stands; numbers may differ between machines.

    Write the results anew: `python docs/scripts/execute_page.py docs/python_api.md`
    """
    page = (repository / "docs" / "python_api.md").read_text(encoding="utf-8")

    assert shape(executed(repository, page)) == shape(page)


def test_every_command_and_option_stands_on_the_page_of_commands(repository):
    """What `--help` offers is explained."""
    page = (repository / "docs" / "commands.md").read_text(encoding="utf-8")

    for name, command in typer.main.get_command(app).commands.items():
        section = page.partition(f"## `tumorscope {name}")[2].partition("\n## ")[0]
        options = [max(option.opts, key=len) for option in command.params]
        named = [one for one in options if one.startswith("--")]
        assert section, name
        assert [option for option in named if f"`{option}" not in section] == [], name


@pytest.mark.parametrize("name", ["commands", "getting_started", "python_api"])
def test_every_command_line_of_a_page_is_one_that_works(repository, name):
    """Commands and options that are shown exist."""
    page = (repository / "docs" / f"{name}.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands

    for line in re.findall(r"^\$ tumorscope (.+)$", page, flags=re.MULTILINE):
        words = line.partition("#")[0].split()
        known = {opt for option in commands[words[0]].params for opt in option.opts}
        used = {word for word in words if word.startswith("--")}
        assert used <= known | {"--help"}, line
