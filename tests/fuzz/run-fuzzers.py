#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds each fuzzer with clang's sanitizers, runs it for a while from its corpus, and prints TAP.

usage: run-fuzzers.py [SECONDS [NAME...]]

SECONDS for each fuzzer; also ANNOT_FUZZ_SECONDS, 5 by default. A finding stays as crash-* in $ANNOT_FUZZ_KEEP or, without
it, is printed in hexadecimal.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent

# One line a fuzzer: its name (fuzz-NAME.c, corpus/NAME), the sources it links, the pkg-config modules it needs, a dictionary.
MODEL = ["src/model/*.c"]
FUZZERS = [
    ("json-reader", MODEL, [], "json.dict"),
    ("example", MODEL, [], "json.dict"),
    ("correction", MODEL, [], "json.dict"),
    ("guard", ["src/http/annot-guard.c"], [], None),
    ("websocket", ["src/http/annot-websocket-frame.c", "-lwslay"], [], None),
    ("keyfile", MODEL + ["src/backend/*.c"], ["gmodule-2.0"], "keyfile.dict"),
    ("redis-address", MODEL + ["src/backend/*.c", "plugins/redis/redis-address.c"], ["gmodule-2.0"], None),
]

BASE_MODULES = ["glib-2.0", "gobject-2.0", "gio-2.0", "gio-unix-2.0", "json-glib-1.0", "libxcrypt", "libcrypto"]
DIRECTORIES = ["ANNOT_PLUGIN_DIR", "ANNOT_SYSCONF_DIR", "ANNOT_STATE_DIR", "ANNOT_WEB_DIR", "LOCALEDIR"]
SANITIZERS = "-fsanitize=fuzzer,address,undefined"
MEMORY_MB = 1024


def pkg_config(modules):
    return subprocess.run(["pkg-config", "--cflags", "--libs", *modules], check=True, capture_output=True,
                          text=True).stdout.split()


def sources(patterns):
    """Patterns name files or globs from the top of the tree; a fuzzer may list `-lNAME`, too."""
    found = []
    for pattern in patterns:
        found += [pattern] if pattern.startswith("-l") else sorted(str(p) for p in TOP.glob(pattern))
    return found


def build(name, patterns, modules, folder):
    program = folder / name
    command = ["clang", "-std=gnu11", "-g", "-O1", "-w", SANITIZERS, "-fno-sanitize-recover=undefined",
               "-fno-omit-frame-pointer", "-D_GNU_SOURCE", "-DANNOTATIOND_COMPILATION", '-DG_LOG_DOMAIN="annotationd"',
               '-DGETTEXT_PACKAGE="annotationd"', '-DPACKAGE_VERSION="fuzz"', '-DVERSION="fuzz"',
               *(f'-D{directory}="/nonexistent"' for directory in DIRECTORIES),
               f"-I{TOP}/include", f"-I{TOP}/src", f"-I{TOP}/tests", str(HERE / f"fuzz-{name}.c"), *sources(patterns),
               *pkg_config(BASE_MODULES + modules), "-lm", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (program, "") if done.returncode == 0 else (None, done.stderr)


def run(program, name, dictionary, seconds, folder):
    corpus = folder / "corpus"
    corpus.mkdir()
    seeds = HERE / "corpus" / name
    command = [str(program), f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", "-timeout=10",
               f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)]
    if seeds.is_dir():
        command.append(str(seeds))
    if dictionary:
        command.append(f"-dict={HERE / dictionary}")
    environment = dict(os.environ, G_SLICE="always-malloc", ASAN_OPTIONS="detect_leaks=1")
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)


def diagnose(text):
    for line in text.splitlines()[-60:]:
        print(f"# {line}")


def keep_findings(folder):
    for finding in sorted(folder.glob("*-*")):
        if not finding.name.startswith(("crash-", "leak-", "timeout-", "oom-")):
            continue
        kept = os.environ.get("ANNOT_FUZZ_KEEP")
        if kept:
            shutil.copy(finding, kept)
        print(f"# {finding.name}: {finding.read_bytes()[:2000].hex()}")


def fuzz(number, fuzzer, seconds):
    name, patterns, modules, dictionary = fuzzer
    with tempfile.TemporaryDirectory(prefix="annot-fuzz-") as temporary:
        folder = pathlib.Path(temporary)
        program, problem = build(name, patterns, modules, folder)
        if not program:
            diagnose(problem)
            print(f"not ok {number} - {name}: does not build", flush=True)
            return False
        done = run(program, name, dictionary, seconds, folder)
        if done.returncode != 0:
            diagnose(done.stderr)
            keep_findings(folder)
            print(f"not ok {number} - {name}", flush=True)
            return False
        for line in done.stderr.splitlines():
            if line.startswith(("stat::number_of_executed_units", "stat::peak_rss_mb")):
                print(f"# {name} {line}")
        print(f"ok {number} - {name}", flush=True)
        return True


def main():
    seconds = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ANNOT_FUZZ_SECONDS", "5"))
    wanted = sys.argv[2:] or [fuzzer[0] for fuzzer in FUZZERS]
    chosen = [fuzzer for fuzzer in FUZZERS if fuzzer[0] in wanted]
    if not shutil.which("clang"):
        print("1..0 # SKIP clang is not installed")
        return 0
    print(f"1..{len(chosen)}", flush=True)
    good = [fuzz(number, fuzzer, seconds) for number, fuzzer in enumerate(chosen, 1)]
    return 0 if all(good) and len(chosen) == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
