# SPDX-License-Identifier: Apache-2.0
"""A small WebSocket client (RFC 6455) on the standard library, for tests and the smoke run."""

import base64
import hashlib
import json
import os
import socket
import struct

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocketClosed(Exception):
    """The server closed; code and reason as it gave them (1006: without a close frame)."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code = code
        self.reason = reason


class WebSocketRefused(Exception):
    """The handshake was answered with an HTTP status other than 101."""

    def __init__(self, status, head):
        super().__init__(head)
        self.status = status


class WebSocket:
    """One connection. Pings are answered while receiving."""

    def __init__(self, port, path="/ws/v1/examples", token=None, headers=None, timeout=10, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                raise WebSocketClosed(1006, "during the handshake")
            self.buffer += piece
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode("latin-1")
        status = int(self.head.split()[1])
        if status != 101:
            self.socket.close()
            raise WebSocketRefused(status, self.head)
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if f"sec-websocket-accept: {accept}".lower() not in self.head.lower():
            raise WebSocketRefused(status, "wrong Sec-WebSocket-Accept")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_frame(self, opcode, data=b"", final=True, mask=True, reserved=0):
        """One frame, as right or as wrong as a test wants it."""
        head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
        flag = 0x80 if mask else 0
        if len(data) < 126:
            head += bytes([flag | len(data)])
        elif len(data) < 65536:
            head += bytes([flag | 126]) + struct.pack("!H", len(data))
        else:
            head += bytes([flag | 127]) + struct.pack("!Q", len(data))
        if mask:
            key = os.urandom(4)
            pattern = (key * (len(data) // 4 + 1))[: len(data)]
            data = (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(len(data), "big")
            head += key
        self.socket.sendall(head + data)

    def send(self, document):
        self.send_frame(TEXT, json.dumps(document).encode())

    def read(self, count):
        while len(self.buffer) < count:
            piece = self.socket.recv(65536)
            if not piece:
                raise WebSocketClosed(1006)
            self.buffer += piece
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive_frame(self):
        """Answers (opcode, data) of the next frame, control frames too."""
        first, second = self.read(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.read(8))[0]
        return first & 0x0F, self.read(length)

    def receive(self, timeout=None):
        """Answers the next text message as parsed JSON; raises WebSocketClosed, or TimeoutError."""
        if timeout is not None:
            self.socket.settimeout(timeout)
        while True:
            opcode, data = self.receive_frame()
            if opcode == TEXT:
                return json.loads(data)
            if opcode == PING:
                self.send_frame(PONG, data)
            elif opcode == CLOSE:
                code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
                raise WebSocketClosed(code, data[2:].decode("utf-8", "replace"))

    def receive_type(self, kind, timeout=10):
        """Answers the next message of that type, passing over others."""
        while True:
            message = self.receive(timeout)
            if message.get("type") == kind:
                return message

    def close(self, code=1000):
        try:
            self.send_frame(CLOSE, struct.pack("!H", code))
        except OSError:
            pass
        self.socket.close()
