"""Runs the scripts of ImapTest (its docs/scripted_test.md) against a server, as far as we need.

Left out: pipelined commands with tags of their own, environment conditions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.demo.wire import Wire

TOKEN = re.compile(
    rb'~?\{(\d+)\}\r\n|"((?:[^"\\]|\\.)*)"|(\()|(\))|(\])|([^\s()\[\]"]*\[|[^\s()"\]]+)'
)
SECTION = re.compile(rb"(?:BODY|BINARY)(?:\.PEEK)?\[[^\]]*\](?:<\d+>)?", re.IGNORECASE)
COMMAND = re.compile(r'(?:(\d) )?(?:(ok|no|bad|"") )?(.*)\Z', re.DOTALL | re.IGNORECASE)
VARIABLE = re.compile(r"\$\{(\w+)\}|\$([A-Za-z]\w*)")
DEFAULT_LIST = ("$!ordered",)
KINDS = {b"FETCH", b"LIST", b"LSUB", b"STATUS"}
Tree = list["bytes | Tree"]


@dataclass
class Step:
    """A command on a connection (from 1), the outcome wanted, and what must or must not come."""

    connection: int
    command: str
    outcome: str
    wanted: list[str] = field(default_factory=list)
    banned: list[str] = field(default_factory=list)


@dataclass
class Script:
    """A script: what it needs and its steps."""

    headers: dict[str, str]
    steps: list[Step]
    messages: list[bytes]


def read_script(path: Path) -> Script:
    """Read a script and the mbox that belongs to it."""
    head, _, body = path.read_bytes().decode("utf-8").partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith("#"))
    own = path.with_name(path.name + ".mbox")
    mbox = (own if own.exists() else path.with_name("default.mbox")).read_bytes()
    parts = re.split(rb"^From \S+@.*\n", mbox.replace(b"\r\n", b"\n"), flags=re.MULTILINE)
    messages = [part.replace(b"\n", b"\r\n") for part in parts[1:]]
    return Script(headers, list(_steps(body)), messages)


def _lines(body: str) -> Iterator[str]:
    """Join the lines of each literal to the line that begins it, as IMAP literals."""
    lines = iter(body.split("\n"))
    for line in lines:
        joined = line
        while joined.endswith("{{{"):
            start, ending = joined.removesuffix("{{{"), "\r\n"
            if start.endswith("~"):
                start, ending = start.removesuffix("~"), "\n"
            content = list(_until(lines))
            text = ending.join(content[:-1])
            joined = f"{start}{{{len(text.encode())}}}\r\n{text}{content[-1]}"
        if joined.strip() and not joined.startswith("#"):
            yield joined


def _until(lines: Iterator[str]) -> Iterator[str]:
    """Give the lines of a literal, and at last what follows its end on the same line."""
    for line in lines:
        if line.startswith("}}}"):
            yield line.removeprefix("}}}")
            return
        yield line


def _steps(body: str) -> Iterator[Step]:
    step: Step | None = None
    for line in _lines(body):
        if line.startswith("* ") and step:
            step.wanted.append(line[2:])
        elif line.startswith("! ") and step:
            step.banned.append(line[2:])
        elif not line.startswith("? "):
            found = COMMAND.match(line)
            assert found
            connection, outcome, command = int(found[1] or 1), found[2] or "", found[3]
            if step and not step.outcome and outcome:  # the answer to a command of its own line
                step.outcome = f"{outcome} {command}".strip()
                yield step
                step = None
                continue
            if step:
                yield step
            step = Step(connection, command, outcome)
    if step:
        yield step


def parse(text: bytes) -> Tree:
    """Return an answer as nested lists of atoms and strings."""
    stack: list[Tree] = [[]]
    position = 0
    while position < len(text):
        section = SECTION.match(text, position)
        found = section or TOKEN.match(text, position)
        if not found:
            position += 1
            continue
        position = found.end()
        if section:
            stack[-1].append(section[0])
        elif found[1] is not None:
            stack[-1].append(text[position : position + int(found[1])])
            position += int(found[1])
        elif found[2] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found[2]))
        elif found[3] or found[6] == b"[":
            inner: Tree = []
            stack[-1].append(inner)
            stack.append(inner)
        elif found[4] or found[5]:
            if len(stack) > 1:
                stack.pop()
        else:
            stack[-1].append(found[6])
    return stack[0]


class Matcher:
    """Compares answers with what a script expects, learning variables on the way."""

    def __init__(self, variables: dict[str, bytes | Tree]) -> None:
        self.variables = variables
        self.originals: list[int] = []

    def expand(self, text: str) -> str:
        """Put the known variables into a command or an expectation."""

        def value(found: re.Match[str]) -> str:
            known = self.variables.get(found[1] or found[2])
            return known.decode("latin-1") if isinstance(known, bytes) else found[0]

        return VARIABLE.sub(value, text)

    def matches(self, expected: str, answer: bytes) -> bool:
        """Say whether an untagged or tagged answer (without its tag) is as expected."""
        wanted, got = parse(expected.encode("latin-1")), parse(answer)
        kinds = [word.upper() for word in wanted[:2] if isinstance(word, bytes)]
        kind = next((word for word in kinds if word in KINDS), b"")
        before = dict(self.variables)
        if self._sequence(wanted, got[: len(wanted)], kind):
            return True
        self.variables.clear()
        self.variables.update(before)
        return False

    def _sequence(self, wanted: Tree, got: Tree, kind: bytes) -> bool:
        return len(wanted) == len(got) and all(
            self._one(one, other, _directives(kind, wanted, index))
            for index, (one, other) in enumerate(zip(wanted, got, strict=True))
        )

    def _one(
        self, wanted: "bytes | Tree", got: "bytes | Tree", directives: tuple[str, ...]
    ) -> bool:
        if isinstance(wanted, bytes):
            if wanted == b"$":
                return True
            number = re.fullmatch(rb"\$(\d+)", wanted)
            if number and isinstance(got, bytes):
                return got.isdigit() and self._original(int(got)) == int(number[1])
            variable = re.fullmatch(rb"\$\{?([A-Za-z]\w*)\}?", wanted)
            if variable:
                name = variable[1].decode()
                return self.variables.setdefault(name, got) == got
            wanted = self.expand(wanted.decode("latin-1")).replace("$$", "$").encode("latin-1")
            return isinstance(got, bytes) and wanted.lower() == got.lower()
        return isinstance(got, list) and self._list(wanted, got, directives)

    def _original(self, number: int) -> int:
        return self.originals[number - 1] if 0 < number <= len(self.originals) else 0

    def _list(self, wanted: Tree, got: Tree, directives: tuple[str, ...]) -> bool:
        explicit = tuple(
            one.decode() for one in wanted if isinstance(one, bytes) and one.startswith(b"$!")
        )
        wanted = [one for one in wanted if not (isinstance(one, bytes) and one.startswith(b"$!"))]
        options = explicit or directives
        chain = next((int(one[12:]) for one in options if one.startswith("$!unordered=")), 0)
        if "$!unordered" not in options and not chain:
            return self._sequence(wanted, got, b"")
        chain = chain or 1
        links = [got[start : start + chain] for start in range(0, len(got), chain)]
        for start in range(0, len(wanted), chain):
            link = wanted[start : start + chain]
            found = next((one for one in links if self._link(link, one)), None)
            if found is None:
                return False
            links.remove(found)
        rest = {bytes(one[0]).lower() for one in links if one and isinstance(one[0], bytes)}
        banned = {one[6:].encode().lower() for one in options if one.startswith("$!ban=")}
        ignored = {one[9:].encode().lower() for one in options if one.startswith("$!ignore=")}
        return not rest & banned and ("$!noextra" not in options or rest <= ignored)

    def _link(self, wanted: Tree, got: Tree) -> bool:
        flags = ("$!unordered", "$!noextra", "$!ignore=\\recent")
        is_flags = wanted[:1] in ([b"flags"], [b"FLAGS"])
        return len(wanted) == len(got) and all(
            self._one(one, other, flags if is_flags else DEFAULT_LIST)
            for one, other in zip(wanted, got, strict=True)
        )


def _directives(kind: bytes, wanted: Tree, index: int) -> tuple[str, ...]:
    if kind in {b"FETCH", b"STATUS"} and index == 2:
        return ("$!unordered=2",)
    if kind in {b"LIST", b"LSUB"} and index == 1:
        return ("$!unordered",)
    return DEFAULT_LIST


async def run(script: Script, wires: list[Wire]) -> None:
    """Run a script over connections that are logged in; what fails is asserted."""
    matcher = Matcher({"mailbox": b"imaptest"})
    counts: list[list[int]] = [[] for _ in wires]
    waiting = iter(script.messages * 20)
    state = script.headers.get("state", "selected")
    if state != "auth":
        await wires[0].ok("CREATE imaptest")
    if state in {"appended", "selected"}:
        wanted = script.headers.get("messages", "all")
        count = len(script.messages) if wanted == "all" else int(wanted)
        for _ in range(count):
            raw = next(waiting)
            await wires[0].ok(b"APPEND imaptest {%d+}\r\n%b" % (len(raw), raw))
        for index, wire in enumerate(wires):
            if state == "selected":
                _track(await wire.ok("SELECT imaptest"), counts[index])
    for step in script.steps:
        wire, known = wires[step.connection - 1], counts[step.connection - 1]
        command = matcher.expand(step.command).replace("$$", "$").encode("latin-1")
        if command.lower().startswith(b"append") and not command.endswith(b"}"):
            raw = next(waiting)
            target = command if b" " in command else b"append imaptest"
            command = target + b" {%d+}\r\n%b" % (len(raw), raw)
        command = re.sub(rb"\{(\d+)\}\r\n", rb"{\1+}\r\n", command)
        matcher.variables.pop("tag", None)
        if command.lower().startswith((b"select", b"examine")):
            known.clear()
        matcher.originals = list(known)
        *untagged, result = await wire.command(command)
        _check(matcher, step, untagged, result, known)


def _check(
    matcher: Matcher, step: Step, untagged: list[bytes], result: bytes, known: list[int]
) -> None:
    if step.outcome not in {"", '""'}:
        assert matcher.matches(step.outcome, result), (step, result)
    known[:] = range(1, len(known) + 1)
    matcher.originals = known
    wanted = list(step.wanted)
    for line in untagged:
        answer = line.removeprefix(b"* ")
        assert not any(matcher.matches(banned, answer) for banned in step.banned), (step, line)
        wanted = [one for one in wanted if not matcher.matches(one, answer)]
        _track([line], known)
    assert not wanted, (step, untagged, wanted)
    known[:] = range(1, len(known) + 1)


def _track(answers: list[bytes], known: list[int]) -> None:
    for answer in answers:
        found = re.match(rb"\* (\d+) (EXISTS|EXPUNGE)", answer)
        if found and found[2] == b"EXPUNGE":
            del known[int(found[1]) - 1]
        elif found:
            known.extend(range(len(known) + 1, int(found[1]) + 1))
