#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/new-plugin makes plugins that build: by strangers with the installed headers alone, and within the tree."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["G_TEST_SRCDIR"])
BUILD = pathlib.Path(os.environ["G_TEST_BUILDDIR"])
COMPILER = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wmissing-field-initializers", "-Werror",
            "-Wno-missing-field-initializers", "-fvisibility=hidden", "-fPIC"]
CLASSES = ("store", "state", "broker")
GENERATED = ("configure", "aclocal.m4", "autom4te.cache", ".git", "__pycache__", "*.o", "*.lo", ".libs", "build",
             "build-[!a]*")


class Skip(Exception):
    pass


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {result.returncode}\n{result.stdout[-4000:]}")
    return result.stdout


def copy_tree(directory):
    tree = directory / "tree"
    shutil.copytree(SOURCE, tree, ignore=shutil.ignore_patterns(*GENERATED), symlinks=True)
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    return tree


def generate(tree):
    for cls in CLASSES:
        run(sys.executable, tree / "tools/new-plugin", "--root", tree, f"try{cls}", cls)


def test_refusals(directory):
    tree = copy_tree(directory)
    tool = tree / "tools/new-plugin"
    for words in (["Bad", "store"], ["x/y", "store"], ["sqlite", "store"], ["new", "nothing"], ["a", "store"]):
        result = subprocess.run([sys.executable, tool, "--root", tree, *words], stderr=subprocess.PIPE, text=True,
                                check=False)
        assert result.returncode != 0, words
        assert "new-plugin" in result.stderr, result.stderr


def test_by_a_stranger(directory):
    """Compiles against an installed tree only, found by pkg-config; the daemon's loader takes the module."""
    tree = copy_tree(directory)
    generate(tree)
    root = directory / "root"
    run("make", "-C", BUILD, "install-annotincludeHEADERS", "install-libLTLIBRARIES", "install-pkgconfigDATA",
        f"DESTDIR={root}")
    pc = next(root.rglob("annotationd.pc"))
    lines = pc.read_text().split("\n")
    pc.write_text("\n".join(re.sub("^prefix=", f"prefix={root}", line) for line in lines))
    environment = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent))
    modules = directory / "modules"
    modules.mkdir()
    for cls in CLASSES:
        flags = run("pkg-config", "--cflags", "--libs", "annotationd", env=environment).split()
        sources = sorted((tree / "plugins" / f"try{cls}").glob("*.c"))
        run(*COMPILER, "-shared", '-DPACKAGE_VERSION="1"', '-DGETTEXT_PACKAGE="try"', "-o", modules / f"try{cls}.so",
            *sources, *flags)
        modules.joinpath(f"try{cls}.so").chmod(0o755)
        symbols = run("nm", "-D", "--defined-only", modules / f"try{cls}.so").split("\n")
        assert [line.split()[-1] for line in symbols if line] == ["annot_plugin"], symbols
    daemon = BUILD / "src/daemon/annotationd"
    if not daemon.exists():
        daemon = BUILD / "annotationd"
    if not daemon.exists():
        raise Skip("the daemon was not built")
    listed = run(daemon, "--plugin-dir", modules, "--list-plugins")
    for cls in CLASSES:
        assert f"try{cls}" in listed, listed


def test_in_the_tree(directory):
    """The whole way: autoreconf, configure, make, and the skeletons' own tests."""
    if "ANNOT_TEST_SLOW" not in os.environ:
        raise Skip("set ANNOT_TEST_SLOW=1 to build a copy of the tree")
    tree = copy_tree(directory)
    generate(tree)
    build = directory / "build"
    build.mkdir()
    run("./autogen.sh", cwd=tree)
    run(tree / "configure", "CFLAGS=-O0", "--enable-werror", cwd=build)
    targets = [f"plugins/try{cls}.la" for cls in CLASSES] + [f"tests/unit/test-try{cls}" for cls in CLASSES]
    run("make", "-j2", *targets, cwd=build)
    for cls in CLASSES:
        out = run(build / f"tests/unit/test-try{cls}",
                  env=dict(os.environ, ANNOT_TEST_PLUGIN_DIR=str(build / "plugins/.libs")))
        assert f"ok 1 /try{cls}/open-health-close" in out, out


def main():
    tests = [test_refusals, test_by_a_stranger, test_in_the_tree]
    failed = False
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="annot-new-plugin-") as directory:
            try:
                test(pathlib.Path(directory))
                print(f"ok {number} {test.__name__}", flush=True)
            except Skip as reason:
                print(f"ok {number} {test.__name__} # SKIP {reason}", flush=True)
            except Exception as error:  # pylint: disable=broad-except
                failed = True
                print(f"not ok {number} {test.__name__}", flush=True)
                for line in str(error).split("\n"):
                    print(f"# {line}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
