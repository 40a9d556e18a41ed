# SPDX-License-Identifier: Apache-2.0
"""One server process: its directory, its log, and how it is started, suspended and ended."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from annotationd_harness import HarnessError, free_port


class Unavailable(Exception):
    """This server cannot run here; the text says what is missing."""


def end_by_exit():
    """A test that is told to end still stops its servers."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def need_program(name, folders=()):
    """The full name of a program, looked for in $PATH and in these folders."""
    path = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if path is None:
        raise Unavailable(f"{name} is not installed")
    return path


def other_user(name):
    """How to run a program that refuses to be root: a command prefix and the user's ids, or none when we are not root."""
    if os.getuid() != 0:
        return [], None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = pwd.getpwnam("nobody")
    prefix = [need_program("setpriv"), f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    return prefix, (entry.pw_uid, entry.pw_gid)


class Server:
    """Subclasses say command() and answers(); settings are written before start()."""

    kind = "server"
    stop_signal = signal.SIGTERM

    def __init__(self):
        end_by_exit()
        self.directory = tempfile.mkdtemp(prefix=f"annotationd-{self.kind}-")
        self.port = free_port()
        self.process = None
        self.environment = None
        self.log_file = os.path.join(self.directory, "log")
        atexit.register(self.close)

    def __enter__(self):
        if not self.running():
            self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def command(self):
        raise NotImplementedError

    def answers(self):
        """Whether it serves now."""
        raise NotImplementedError

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start(self, wait=True, timeout=60):
        """The server leads a process group of its own, so that kill() reaches its children."""
        with open(self.log_file, "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.directory, env=self.environment, start_new_session=True)
        if wait:
            self.wait_ready(timeout)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running():
                raise HarnessError(f"{self.kind} ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            if self.answers():
                return
            time.sleep(0.05)
        raise HarnessError(f"{self.kind} did not answer in {timeout} s:\n{self.log()[-4000:]}")

    def signal(self, number):
        """To the process and its children."""
        if self.running():
            os.killpg(self.process.pid, number)

    def stop(self, timeout=30):
        """In good order."""
        if not self.running():
            return
        self.resume()
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """SIGKILL, children included."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def suspend(self):
        """SIGSTOP: connections stay open and nothing answers."""
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        self.resume()
        self.kill()
        if "ANNOT_TEST_KEEP" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        if not os.path.exists(self.log_file):
            return ""
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()


def run(command, **options):
    """A helper program that must succeed; answers what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **{"timeout": 120, **options})
    if done.returncode != 0:
        raise HarnessError(f"{os.path.basename(command[0])}: {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
