"""Lists and calls the tools of a real `claw mcp` with the official client: results, errors, a denial, a cancellation.

usage: client.py FOLDER_OF_THE_PROGRAMS
"""

import asyncio
import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from mcp import ClientSession, StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
PROBE = pathlib.Path(__file__).resolve().parent.parent / "guests" / "probe"


class World:
    """A registry that holds the skill `acme/probe`, and an agent's project that has added it."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.project = root / "project"
        self.project.mkdir()
        (self.project / "docs").mkdir()
        (self.project / "docs" / "note.txt").write_text("a note\n")
        (self.project / "private.txt").write_text("not for skills\n")
        self.registry = subprocess.Popen(
            [PROGRAMS / "claw-registry", "serve", "--listen", "127.0.0.1:0", "--data", root / "registry"],
            stdout=subprocess.PIPE, stderr=open(root / "registry.log", "w"), text=True)
        for line in self.registry.stdout:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                break
        else:
            raise SystemExit((root / "registry.log").read_text())

    def environment(self, person: str) -> dict:
        return {**os.environ, "CLAW_HOME": str(self.root / person), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}

    def run(self, person: str, folder: pathlib.Path, *words: str, stdin: str = "") -> str:
        done = subprocess.run([str(PROGRAMS / words[0]), *words[1:]], cwd=folder, input=stdin, text=True,
                              env=self.environment(person), capture_output=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def publish(self):
        genesis = self.root / "acme.keyset"
        data = ["--data", str(self.root / "registry")]
        self.run("author", self.root, "cargo-claw", "claw", "key", "new", "acme/alice")
        genesis.write_text(self.run(
            "author", self.root, "cargo-claw", "claw", "key", "genesis", "acme/alice", "--registry", self.address))
        self.run("admin", self.root, "claw-registry", "namespace", "create", "acme", "--keyset", str(genesis), *data)
        token = self.run("admin", self.root, "claw-registry", "token", "create", "--scope", "publish",
                         "--namespace", "acme", *data)
        self.run("author", self.root, "cargo-claw", "claw", "login", "--registry", self.address, stdin=token)
        self.run("author", PROBE, "cargo-claw", "claw", "publish")
        self.keyset = "1:sha256:" + hashlib.sha256(genesis.read_bytes()).hexdigest()

    def add(self):
        self.run("agent", self.project, "claw", "init", "--registry", self.address)
        self.run("agent", self.project, "claw", "add", "acme/probe@^0.1", "--trust", self.keyset,
                 "--allow", "filesystem.read=docs")

    def server(self) -> StdioServerParameters:
        return StdioServerParameters(command=str(PROGRAMS / "claw"), args=["mcp"], cwd=str(self.project),
                                     env=self.environment("agent"))

    def receipts(self) -> list:
        lines = []
        for file in sorted((self.root / "agent" / "receipts").iterdir()):
            lines += [json.loads(line) for line in file.read_text().splitlines()]
        return lines


def text(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def lists_every_action_with_schema_and_description(world, session):
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    echo = tools["probe__echo"]
    assert echo.description == "Gives back what it was given.", echo.description
    assert echo.input_schema["properties"]["text"]["type"] == "string", echo.input_schema
    assert echo.input_schema["required"] == ["text"], echo.input_schema
    assert len(tools) >= 25, sorted(tools)


async def calls_an_action(world, session):
    result = await session.call_tool("probe__echo", {"text": "grüße"})
    assert not result.is_error and "grüße" in text(result), result
    assert "grüße" in json.dumps(result.structured_content, ensure_ascii=False), result


async def reads_what_is_granted(world, session):
    result = await session.call_tool("probe__read", {"path": "docs/note.txt"})
    assert not result.is_error and "a note" in text(result), result


async def an_error_of_the_action_is_an_error_result(world, session):
    result = await session.call_tool("probe__fail", {"message": "no luck"})
    assert result.is_error and "no luck" in text(result), result


async def a_denial_names_the_permission(world, session):
    result = await session.call_tool("probe__read", {"path": "private.txt"})
    assert result.is_error, result
    assert "filesystem.read" in text(result) and "not for skills" not in text(result), result


async def bad_input_is_refused_with_the_place_of_the_fault(world, session):
    result = await session.call_tool("probe__echo", {"text": 7})
    assert result.is_error and "/text" in text(result), result


async def an_unknown_tool_is_an_error(world, session):
    try:
        result = await session.call_tool("probe__nothing", {})
    except Exception as error:
        assert "probe__nothing" in str(error), error
    else:
        assert result.is_error, result


async def a_cancelled_call_ends_at_once_and_the_server_goes_on(world, session):
    for tool, arguments in (("probe__spin", {}), ("probe__wait", {"milliseconds": 20_000})):
        before = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(session.call_tool(tool, arguments), 0.5)
        result = await session.call_tool("probe__echo", {"text": "still here"})
        assert "still here" in text(result), result
        while not any(r["action"].endswith(tool.split("__")[1]) and r["outcome"] == "cancelled"
                      for r in world.receipts()):
            assert time.monotonic() - before < 10, "the cancelled call left no receipt"
            await session.list_tools()


CASES = [
    lists_every_action_with_schema_and_description, calls_an_action, reads_what_is_granted,
    an_error_of_the_action_is_an_error_result, a_denial_names_the_permission,
    bad_input_is_refused_with_the_place_of_the_fault, an_unknown_tool_is_an_error,
    a_cancelled_call_ends_at_once_and_the_server_goes_on,
]


async def with_handshake(world, case):
    async with stdio_client(world.server()) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        await case(world, session)


async def with_discovery(world, case):
    async with Client(world.server()) as client:
        await case(world, client)


def main() -> int:
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        world = World(pathlib.Path(folder))
        try:
            world.publish()
            world.add()
            for connect in (with_handshake, with_discovery):
                for case in CASES:
                    name = f"{connect.__name__}::{case.__name__}"
                    try:
                        asyncio.run(asyncio.wait_for(connect(world, case), 60))
                    except BaseException as error:  # a group of errors is none of Exception
                        failed += 1
                        print(f"{name} ... FAILED: {error!r}")
                        for inner in getattr(error, "exceptions", ()):
                            print(f"    {inner!r}")
                    else:
                        passed += 1
                        print(f"{name} ... ok")
        finally:
            world.registry.kill()
            world.registry.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
