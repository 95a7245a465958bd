from __future__ import annotations

import shutil
import subprocess

import pytest

import protvox as package
from protvox.cli.app import app


def test_version(protvox):
    result = protvox("--version")
    assert (result.code, result.text) == (0, f"protvox {package.__version__}\n")


def test_unknown_command_is_usage(protvox):
    result = protvox("clasify")
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_a_missing_choice_is_reported_in_one_line(protvox):
    result = protvox("completion")
    assert result.code == 2
    assert "\\n" not in result.err
    assert "Choose from: bash, zsh, fish" in result.err


@pytest.mark.parametrize("command", sorted(app.commands))
def test_every_command_has_help_that_fits(protvox, command):
    result = protvox(command, "--help")
    assert result.code == 0
    assert max(map(len, result.text.splitlines())) <= 80


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(protvox, shell):
    result = protvox("completion", shell)
    assert result.code == 0
    assert "_PROTVOX_COMPLETE" in result.text
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=result.out, check=True, timeout=20)


def test_no_arguments_shows_the_help(protvox):
    result = protvox()
    assert "classify" in result.text + result.err
    assert result.code in (0, 2)
