# SPDX-License-Identifier: Apache-2.0
"""A certification authority for one test, and what it signs."""

import os
import shutil
import tempfile
import atexit

from .process import need_program, run


class Certificates:
    """ca, and for each name a certificate and a key in PEM. The server's is for localhost and 127.0.0.1."""

    def __init__(self):
        self.openssl = need_program("openssl")
        self.directory = tempfile.mkdtemp(prefix="annotationd-certificates-")
        os.chmod(self.directory, 0o755)
        atexit.register(self.close)
        self.ca = self.path("ca.pem")
        self._make(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=annotationd test authority", "-keyout", self.path("ca.key"), "-out", self.ca])
        self.issue("server", "localhost")
        self.issue("client", "annotationd")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def _make(self, arguments):
        run([self.openssl, *arguments])

    def issue(self, name, common_name):
        """name.pem and name.key; PKCS#8, which Java reads too."""
        with open(self.path(f"{name}.ext"), "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._make(["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", f"/CN={common_name}", "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr")])
        self._make(["x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.ca, "-CAkey", self.path("ca.key"),
                    "-CAcreateserial", "-days", "2", "-extfile", self.path(f"{name}.ext"),
                    "-out", self.path(f"{name}.pem")])

    def certificate(self, name="server"):
        return self.path(f"{name}.pem")

    def key(self, name="server"):
        return self.path(f"{name}.key")

    def copy_key(self, name, folder, owner=None):
        """A copy of a key that only owner (uid, gid) may read: servers insist on that. Answers its path."""
        target = os.path.join(folder, f"{name}.key")
        shutil.copyfile(self.key(name), target)
        os.chmod(target, 0o600)
        if owner is not None:
            os.chown(target, *owner)
        return target

    def bundle(self, name="server"):
        """Key and certificate in one PEM file."""
        target = self.path(f"{name}.bundle.pem")
        with open(target, "w", encoding="utf-8") as file:
            for part in (self.key(name), self.certificate(name)):
                with open(part, encoding="utf-8") as source:
                    file.write(source.read())
        return target
