#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped nginx example in front of the daemon: page, live line, submit and secure cookie over TLS and HTTP/2."""

import os
import re
import shutil
import signal
import subprocess
import tempfile

from annotator import Keys, Page, SOURCE_DIR, Tap, make_daemon, need, wait_for
from annotationd_harness import example, free_port


class Nginx:
    """nginx with the example, only ports, names and files of this test put in."""

    def __init__(self, upstream):
        self.folder = tempfile.mkdtemp(prefix="annotationd-nginx-")
        self.port = free_port()
        self.make_certificate()
        with open(os.path.join(SOURCE_DIR, "data", "nginx", "annotationd.conf"), encoding="utf-8") as file:
            text = file.read()
        for pattern, value in (
            (r"listen \[::\].*;\n", ""),
            (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
            (r"listen 443 ", f"listen 127.0.0.1:{self.port} "),
            (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{upstream};"),
            (r"/etc/ssl/annotate\.example\.org", self.folder),
            (r"annotate\.example\.org", "localhost"),
        ):
            text, count = re.subn(pattern, value, text)
            if count == 0:
                raise AssertionError(f"the example has no {pattern}")
        self.write("site.conf", text)
        self.write(
            "nginx.conf",
            f"""
            daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;
            events {{}}
            http {{
                access_log off;
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
                include {self.folder}/site.conf;
            }}""",
        )
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", f"{self.folder}/nginx.conf"], stderr=subprocess.DEVNULL
        )

    def make_certificate(self):
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-keyout",
                f"{self.folder}/privkey.pem",
                "-out",
                f"{self.folder}/fullchain.pem",
            ],
            check=True,
            capture_output=True,
        )

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    need()
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            Tap.skip_all(f"{program} is not installed")
    tap = Tap()
    with make_daemon(http={"trusted-proxies": "127.0.0.1"}) as daemon, Nginx(daemon.port) as nginx:
        with Page(daemon, insecure=True) as page:
            page.url = f"https://localhost:{nginx.port}/"
            tap.ok(page.sign_in("ann"), "sign in through the proxy; the live line is upgraded")
            protocol = page.run("return performance.getEntriesByType('navigation')[0].nextHopProtocol")
            tap.equal(protocol, "h2", "the page is served by HTTP/2")
            cookies = [item for item in page.browser.get_cookies() if item["name"] == "annotationd_session"]
            tap.ok(
                cookies and cookies[0]["secure"] and cookies[0]["httpOnly"],
                "the session cookie is for TLS alone",
                cookies,
            )
            daemon.feed([example("proxy-1")])
            tap.ok(page.wait_current("proxy-1", 2), "an example arrives live")
            page.press(Keys.ENTER)
            done = wait_for(lambda: daemon.read_topic("labeled-examples"))
            tap.equal([item["event_id"] for item in done or []], ["proxy-1"], "and its answer goes out")
            status = page.run("""const request = new XMLHttpRequest(); request.open("GET", "/metrics", false);
                request.send(); return request.status;""")
            tap.equal(status, 404, "figures and health are not for the outside")
            tap.equal(page.problems(("404",)), [], "no policy violation and no error in the console")
    tap.done()


if __name__ == "__main__":
    main()
