"""The tools of an assistant, called by the client of the protocol's own library."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp import Client, StdioServerParameters

from protvox.service.assistant.tool_list import TOOLS

ROOT = Path(__file__).resolve().parents[2]
UBIQUITIN = ROOT / "tests" / "data" / "1ubi.pdb"
EXAMPLE = ROOT / "protvox" / "examples" / "1pwc.pdb.gz"
CALLS = {
    "classify": {"top_k": 2},
    "check": {},
    "mutations": {"mutations": ["A:L43W", "A:F45A+A:L50A"]},
    "suggest": {"top": 3, "exclude": "CP", "fix": ["A:48"], "skip_flagged": True},
    "search": {"top": 2},
}
WRONG = {
    "no file": ("check", {"source": "/nowhere/1ubi.pdb"}, "input.not_found"),
    "a folder": ("check", {"source": "/tmp"}, "input.unreadable"),
    "not a structure": ("check", {"source": __file__}, "input.format"),
    "no source": ("check", {}, "usage.tool"),
    "source of another type": ("check", {"source": ["1ubi"]}, "usage.tool"),
    "no mutations": ("mutations", {"source": str(UBIQUITIN)}, "usage.tool"),
    "no such tool": ("fold", {"source": str(UBIQUITIN)}, "usage.tool"),
    "offline": ("search", {"source": "1pwc"}, "input.offline"),
    "no such chain": ("classify", {"source": str(UBIQUITIN), "chain": "Z"}, "input.chain"),
    "wrong type": ("suggest", {"source": str(UBIQUITIN), "top": "many"}, "request.invalid"),
    "no such option": ("search", {"source": str(UBIQUITIN), 'a"\r\nb': 1}, "request.invalid"),
    "too much": ("check", {"source": str(EXAMPLE)}, "request.too_large"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Every call of a session with a server in a process of its own, made once."""
    folder = tmp_path_factory.mktemp("assistant")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")},
        "PYTHONPATH": str(ROOT),
        "PROTVOX_CACHE_DIR": str(folder / "cache"),
        "TMPDIR": str(folder),
        "PROTVOX_OFFLINE": "1",
        "PROTVOX_SERVICE_THREADS": "1",
        # Those of a service that runs on the same machine, which do not concern the tools.
        "PROTVOX_SERVICE_API_KEYS": f"lab:{'0' * 64}",
        "PROTVOX_SERVICE_REQUEST_RESIDUES": "76",
    }
    program = ["-c", "from protvox.cli import main; main()", "mcp"]
    parameters = StdioServerParameters(command=sys.executable, args=program, env=environment)
    found = {}

    async def talk():
        async with Client(parameters) as client:
            found["tools"] = (await client.list_tools()).tools
            for name, options in CALLS.items():
                found[name] = await client.call_tool(name, {"source": str(UBIQUITIN), **options})
            for case, (name, arguments, _) in WRONG.items():
                found[case] = await client.call_tool(name, arguments)

    anyio.run(talk)
    found["left behind"] = [path.name for path in folder.glob("protvox-mcp-*")]
    return found


def test_every_tool_is_listed_with_its_arguments(answers):
    tools = {tool.name: tool for tool in answers["tools"]}
    assert list(tools) == [tool.name for tool in TOOLS]
    for name, options in CALLS.items():
        schema = tools[name].input_schema
        assert schema["properties"].keys() >= {"source", "chain", *options}
        assert "source" in schema["required"]
        assert tools[name].annotations.read_only_hint
        # Assistants hold all of this in their context.
        assert len(json.dumps(schema)) < 5000


@pytest.mark.parametrize("name", CALLS)
def test_results_are_documents_of_the_tool(answers, name):
    assert not answers[name].is_error
    document = json.loads(answers[name].content[0].text)
    assert document["schema"].startswith(f"protvox.{name}/")
    assert document["input"]["name"] == UBIQUITIN.name
    if name == "mutations":
        assert [m["mutation"] for m in document["mutations"]] == ["L43W", "F45A+L50A"]
    if name == "suggest":
        assert len(document["suggestions"]) == 3
    if name in ("classify", "search"):
        assert [d["id"] for d in document["domains"]] == ["A"]


def test_results_are_those_of_the_command_line(answers, cli):
    [line] = cli("check", "--format", "jsonl", UBIQUITIN)
    assert answers["check"].content[0].text.encode() == line


@pytest.mark.parametrize("case", WRONG)
def test_errors_say_what_is_wrong_and_what_to_do(answers, case):
    assert answers[case].is_error
    words = json.loads(answers[case].content[0].text)
    assert words["code"].startswith(WRONG[case][2])
    assert words["what"] and words["remedy"]


def test_an_error_does_not_show_what_a_file_holds(answers):
    assert "protocol" not in answers["not a structure"].content[0].text


def test_nothing_is_left_behind(answers):
    assert answers["left behind"] == []
