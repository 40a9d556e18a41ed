# SPDX-License-Identifier: Apache-2.0
"""nginx with the example that the project ships, only ports, names and files of this run put in."""

import os
import re
import signal
import socket

from .process import Server, need_program
from annotationd_harness import SOURCE_DIR, free_port


class Nginx(Server):
    """upstreams: ports of instances on 127.0.0.1. Serves https on port; the older http port only redirects."""

    kind = "nginx"

    def __init__(self, upstreams, certificates):
        super().__init__()
        self.program = need_program("nginx")
        self.plain_port = free_port()
        self.certificates = certificates
        self.set_upstreams(upstreams)
        self.write("nginx.conf", f"""
            daemon off; pid {self.directory}/pid; error_log {self.directory}/error.log;
            worker_processes 1;
            events {{ worker_connections 4096; }}
            http {{
                access_log {self.directory}/access.log;
                client_body_temp_path {self.directory}/body; proxy_temp_path {self.directory}/proxy;
                fastcgi_temp_path {self.directory}/f; uwsgi_temp_path {self.directory}/u; scgi_temp_path {self.directory}/s;
                include {self.directory}/site.conf;
            }}""")

    def set_upstreams(self, upstreams):
        """Written for the next start or reload()."""
        with open(os.path.join(SOURCE_DIR, "data", "nginx", "annotationd.conf"), encoding="utf-8") as file:
            text = file.read()
        line = re.search(r" *server 127\.0\.0\.1:8000[^\n]*", text).group(0)
        servers = "\n".join(line.replace("8000", str(port)) for port in upstreams)
        for pattern, value in (
            (r"listen \[::\].*;\n", ""),
            (r"listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            (r"listen 443 ", f"listen 127.0.0.1:{self.port} "),
            (re.escape(line), servers),
            (r"/etc/ssl/annotate\.example\.org/fullchain\.pem", self.certificates.certificate()),
            (r"/etc/ssl/annotate\.example\.org/privkey\.pem", self.certificates.key()),
            (r"annotate\.example\.org", "localhost"),
        ):
            text, count = re.subn(pattern, value, text)
            if count == 0:
                raise AssertionError(f"the example has no {pattern}")
        self.write("site.conf", text)

    def command(self):
        return [self.program, "-p", self.directory, "-c", self.path("nginx.conf")]

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def reload(self):
        """Takes the new upstreams without dropping a request."""
        self.process.send_signal(signal.SIGHUP)
