#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The package lists: every plugin is in the package that the daemon names when it is missing, and every installed file in
exactly one package."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import BUILD_DIR, SOURCE_DIR, Daemon, Tap, find_program  # noqa: E402

DEBIAN = os.path.join(SOURCE_DIR, "packaging", "debian")
SPEC = os.path.join(SOURCE_DIR, "packaging", "rpm", "annotationd.spec")
# Where the macros of the spec lead, as Debian's packages name it.
MACROS = {"_sysconfdir": "etc", "_bindir": "usr/bin", "_sbindir": "usr/sbin", "_libdir": "usr/lib/x86_64-linux-gnu",
          "_includedir": "usr/include", "_datadir": "usr/share", "_mandir": "usr/share/man", "_docdir": "usr/share/doc",
          "_unitdir": "lib/systemd/system", "_sysusersdir": "usr/lib/sysusers.d", "_tmpfilesdir": "usr/lib/tmpfiles.d"}
CLASSES = {"sqlite": "store", "postgres": "store", "memory": "state", "redis": "state", "local": "broker", "kafka": "broker"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def plugins_of_tree():
    """The plugins that are installed: what the fragments add to the list of modules."""
    names = []
    for name in sorted(os.listdir(os.path.join(SOURCE_DIR, "plugins"))):
        fragment = os.path.join(SOURCE_DIR, "plugins", name, f"Makefile-{name}.am")
        if os.path.exists(fragment) and f"plugin_LTLIBRARIES += plugins/{name}.la" in read(fragment):
            names.append(name)
    return names


def package_named_by_daemon(daemon, plugin):
    """What the error says to install when this one module is not there."""
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(daemon.plugin_dir()):
            if name.endswith(".so") and name != f"{plugin}.so":
                shutil.copy(os.path.join(daemon.plugin_dir(), name), folder)
        done = subprocess.run([find_program("annotationd"), "--plugin-dir", folder, "--check-config", "--set",
                               f"{CLASSES.get(plugin, 'store')}.plugin={plugin}"], capture_output=True, text=True,
                              check=False, timeout=30, env=daemon.environment())
    match = re.search(r"install the package ([\w-]+)", done.stderr)
    return match.group(1) if match else done.stderr


def debian_lists():
    """{package: patterns of installed files}"""
    return {name[:-len(".install")]: read(DEBIAN, name).split() for name in os.listdir(DEBIAN)
            if name.endswith(".install")}


def spec_lists():
    """{package: patterns of installed files}, without the folders that are only there to be owned"""
    lists = {}
    current = None
    for line in read(SPEC).splitlines():
        if line.startswith("%files"):
            current = lists.setdefault("-".join(["annotationd", *line.split()[1:]]), [])
        elif re.match(r"%(changelog|post|pre|package)", line):
            current = None
        elif current is not None and line and not line.startswith(("%license", "%dir")):
            current.append(re.sub(r"%\{(\w+)\}", lambda match: MACROS[match.group(1)], line.split()[-1]).rstrip("/"))
    return lists


def test_plugins(tap):
    control = read(DEBIAN, "control")
    debian, spec = debian_lists(), spec_lists()
    rules, spec_text = read(DEBIAN, "rules"), read(SPEC)
    with Daemon() as daemon:
        for plugin in plugins_of_tree():
            package = package_named_by_daemon(daemon, plugin)
            holders = [name for name, patterns in debian.items() if any(p.endswith(f"/{plugin}.so") for p in patterns)]
            tap.equal(holders, [package], f"Debian: {plugin}.so is in the package that the daemon names")
            tap.ok(f"\nPackage: {package}\n" in control, f"Debian: {package} is described", control)
            holders = [name for name, lines in spec.items() if any(line.endswith(f"/{plugin}.so") for line in lines)]
            tap.equal(holders, [package], f"rpm: {plugin}.so is in the package of the same name")
            for what, text in (("Debian", rules), ("rpm", spec_text)):
                tap.ok(f"--with-{plugin}=yes" in text, f"{what}: {plugin} is not left to what configure finds")


def directories():
    """Where this build installs, by the variables of its Makefile."""
    values = dict(re.findall(r"^(\w+) = (\S+)$", read(BUILD_DIR, "Makefile"), re.M))

    def expand(text):
        return re.sub(r"\$[{(](\w+)[)}]", lambda match: expand(values[match.group(1)]), text)

    return {name: expand(values[name]) for name in ("prefix", "exec_prefix", "libdir", "sysconfdir")}


def installed_files(root):
    """What `make install` installs, by the names that a Debian package gives it."""
    where = directories()
    moves = [(f"{where['prefix']}/lib/systemd", "lib/systemd"), (f"{where['prefix']}/lib/sysusers.d", "usr/lib/sysusers.d"),
             (f"{where['prefix']}/lib/tmpfiles.d", "usr/lib/tmpfiles.d"), (where["sysconfdir"], "etc"),
             (where["libdir"], "usr/lib/x86_64-linux-gnu"), (where["prefix"], "usr")]
    subprocess.run(["make", "-s", "-C", BUILD_DIR, "install", f"DESTDIR={root}"], check=True, capture_output=True,
                   timeout=300)
    found = []
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)[len(root):]
            old, new = next(move for move in moves if path.startswith(f"{move[0]}/"))
            found.append(new + path[len(old):])
    return sorted(path for path in found if not path.endswith(".la"))


def takes(pattern, path):
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, f"{pattern}/*")


def test_files(tap):
    """dh_missing and rpmbuild would say it, too; here it is said before a release."""
    with tempfile.TemporaryDirectory() as root:
        files = installed_files(root)
    built = {f"{name}.so" for name in plugins_of_tree()}
    for what, lists in (("Debian", debian_lists()), ("rpm", spec_lists())):
        wrong = {}
        for path in files:
            holders = [name for name, patterns in lists.items() if any(takes(pattern, path) for pattern in patterns)]
            if len(holders) != 1:
                wrong[path] = holders
        tap.ok(len(files) > 60 and not wrong, f"{what}: every installed file is in exactly one package", wrong)
        unused = [pattern for patterns in lists.values() for pattern in patterns
                  if os.path.basename(pattern) not in built and not any(takes(pattern, path) for path in files)]
        tap.equal(unused, [], f"{what}: every pattern takes something")


def test_translations(tap):
    """rpmbuild takes no empty list of them, and none that is not asked for."""
    languages = [line for line in read(SOURCE_DIR, "po", "LINGUAS").splitlines() if line and not line.startswith("#")]
    tap.equal("%find_lang" in read(SPEC), bool(languages), "rpm: translations are looked for when there are any")


SYSTEMCTL = """#!/bin/sh
case $1 in
list-units) printf 'annotationd@1.service loaded active\\nannotationd@2.service loaded active\\n' ;;
esac
"""
INVOKE = """#!/bin/sh
echo "$*" >>"$CALLS"
"""


def run_script(name, *arguments):
    """Runs a maintainer script where two instances run. Returns what it did to them."""
    with tempfile.TemporaryDirectory() as folder:
        calls = os.path.join(folder, "calls")
        script = read(DEBIAN, name).replace("/run/systemd/system", folder).replace("#DEBHELPER#", "")
        for program, text in (("systemctl", SYSTEMCTL), ("deb-systemd-invoke", INVOKE), (name, script)):
            with open(os.path.join(folder, program), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(folder, program), 0o755)
        subprocess.run([os.path.join(folder, name), *arguments], check=True, timeout=30,
                       env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": calls})
        return read(calls).splitlines() if os.path.exists(calls) else []


def test_scripts(tap):
    restarted = ["try-restart annotationd@1.service", "try-restart annotationd@2.service"]
    tap.equal(run_script("annotationd.postinst", "configure", ""), [], "Debian: an installation starts nothing")
    tap.equal(run_script("annotationd.postinst", "configure", "0.0.9-1"), restarted,
              "Debian: an upgrade restarts what runs, one after the other")
    tap.equal(run_script("annotationd.postinst", "triggered", "/usr/lib"), restarted, "Debian: so does that of a plugin")
    tap.equal(run_script("annotationd.prerm", "remove"), ["stop annotationd@1.service", "stop annotationd@2.service"],
              "Debian: a removal stops them")
    tap.equal(run_script("annotationd.prerm", "upgrade", "0.2.0-1"), [], "Debian: an upgrade does not")


def main():
    tap = Tap()
    test_plugins(tap)
    test_scripts(tap)
    test_files(tap)
    test_translations(tap)
    tap.done()


if __name__ == "__main__":
    main()
