#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules that no compiler knows. Prints `file:line: rule: what to do`, exits 1 when there is any."""

import pathlib
import re
import sys

LAYERS = ["model", "backend", "pipeline", "http", "daemon"]
MAY_INCLUDE = {room: LAYERS[: LAYERS.index(room) + 1] for room in LAYERS} | {"ctl": ["model", "backend", "ctl"]}
MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 100
MAX_COLUMNS = 120

UNSAFE = re.compile(r"(?<![\w>.])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|strtok|scanf|sscanf|system|popen)\s*\(")
GOTO = re.compile(r"(?<![\w\"])goto\s+\w+\s*;")
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
INCLUDE = re.compile(r'^#include "([^"]+)"')
ANGLE = re.compile(r"^#include <annotationd/(?!annotationd\.h)")
TOP = pathlib.Path(__file__).resolve().parent.parent


def room_of(path):
    """The room a file lives in: ('src', 'model'), ('plugins', 'sqlite') or None."""
    parts = path.parts
    for base in ("src", "plugins"):
        if base in parts and parts.index(base) + 2 < len(parts):
            return base, parts[parts.index(base) + 1]
    return None


def strip_comments(lines):
    """The lines with comments and string contents blanked, so that words in prose do not count."""
    text = "\n".join(lines)

    def blank(match):
        found = match.group(0)
        if found.startswith('"'):
            return '""'
        return re.sub(r"[^\n]", " ", found)

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S).split("\n")


def check_head(path, lines):
    start = 1 if lines and lines[0].startswith("#!") else 0
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[: start + 2]):
        yield 1, "spdx", "begin with SPDX-License-Identifier: Apache-2.0"
    if path.suffix in (".c", ".h"):
        if len(lines) < 2 or not lines[1].startswith("/*"):
            yield 2, "purpose", "say in one sentence what the file is for, on its second line"
        if path.suffix == ".h" and "#pragma once" not in lines:
            yield 1, "once", "use #pragma once"


def check_lines(path, lines):
    code = strip_comments(lines) if path.suffix in (".c", ".h") else lines
    for number, (line, bare) in enumerate(zip(lines, code), 1):
        if line != line.rstrip():
            yield number, "space", "remove the white space at the end"
        if LATER.search(line) and path.name != "check-source.py":
            yield number, "later", "do it now, or leave the remark out"
        if path.suffix not in (".c", ".h"):
            continue
        if len(line.expandtabs(8)) > MAX_COLUMNS + 10:
            yield number, "columns", f"keep lines within {MAX_COLUMNS} columns"
        if "\t" in line:
            yield number, "tab", "indent with spaces"
        if GOTO.search(bare):
            yield number, "goto", "use g_autoptr and return instead of goto"
        unsafe = UNSAFE.search(bare)
        if unsafe:
            yield number, "unsafe", f"do not use {unsafe.group(1)}()"


def check_arrows(path, lines):
    place = room_of(path)
    if place is None or path.suffix not in (".c", ".h"):
        return
    base, room = place
    for number, line in enumerate(lines, 1):
        if ANGLE.match(line):
            yield number, "umbrella", "include <annotationd/annotationd.h>"
        include = INCLUDE.match(line)
        if not include:
            continue
        target = include.group(1).split("/")
        if base == "plugins":
            if len(target) > 1:
                yield number, "arrow", "a plugin includes <annotationd/annotationd.h> and its own headers only"
        elif len(target) > 1 and target[0] in LAYERS + ["ctl"] and target[0] not in MAY_INCLUDE.get(room, []):
            yield number, "arrow", f"src/{room} may not include from src/{target[0]}"


def check_size(path, lines):
    if len(lines) > MAX_FILE_LINES:
        yield len(lines), "long-file", f"part it: {len(lines)} lines, {MAX_FILE_LINES} at most"
    if path.suffix != ".c":
        return
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start > MAX_FUNCTION_LINES:
                yield start, "long-function", f"part it: {number - start} lines, {MAX_FUNCTION_LINES} at most"
            start = None


def check_translated(path, lines):
    """Texts for people are collected from the files that po/POTFILES.in names."""
    listed = TOP / "po" / "POTFILES.in"
    if path.suffix != ".c" or not path.resolve().is_relative_to(TOP) or "tests" in path.parts:
        return
    name = path.resolve().relative_to(TOP).as_posix()
    if name in listed.read_text(encoding="utf-8").splitlines():
        return
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(N?_|Q_|ngettext) ?\(\"", line):
            yield number, "translation", f"add {name} to po/POTFILES.in"
            return


def check_file(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for check in (check_head, check_lines, check_arrows, check_size, check_translated):
        for number, rule, remedy in check(path, lines):
            yield f"{path}:{number}: {rule}: {remedy}"


def files_under(top):
    for folder in ("include", "src", "plugins", "tests", "tools", "data/web", "data/demo"):
        for path in sorted((top / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".py", ".sh", ".js", ".css", ".am") and path.is_file():
                if "fixtures" not in path.parts and "corpus" not in path.parts:
                    yield path


def main(arguments):
    if arguments and arguments[0] in ("-h", "--help"):
        print(f"usage: check-source.py [FILE...]\n{__doc__}")
        return 0
    paths = [pathlib.Path(name) for name in arguments] or list(files_under(TOP))
    problems = [problem for path in paths for problem in check_file(path)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
