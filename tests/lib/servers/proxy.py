# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that can cut, refuse, stall and delay: the network between two programs, in a thread of its own."""

import asyncio
import atexit
import threading


class Proxy:
    """Forwards 127.0.0.1:port to 127.0.0.1:target until told otherwise.

    Each fault holds for present and new connections until heal().
    """

    def __init__(self, target):
        self.target = target
        self.port = None
        self.delay_seconds = 0.0
        self.refusing = False
        self.deaf = False
        self.links = set()
        self.accepted = 0
        self.loop = asyncio.new_event_loop()
        self.flowing = None
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(10)
        atexit.register(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        ready.set()
        self.loop.run_forever()
        held = asyncio.all_tasks(self.loop)
        for task in held:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*held, return_exceptions=True))
        self.loop.close()

    async def _listen(self):
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 16)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        if self.refusing:
            writer.transport.abort()
            return
        if self.deaf:
            try:
                await reader.read()
            finally:
                writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.accepted += 1
        link = (writer, far_writer)
        self.links.add(link)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self.links.discard(link)
            for side in link:
                side.transport.abort()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            writer.transport.abort()

    def _call(self, function):
        done = threading.Event()

        def call():
            function()
            done.set()

        self.loop.call_soon_threadsafe(call)
        if not done.wait(10):
            raise RuntimeError("the proxy does not answer")

    def _abort(self):
        for link in list(self.links):
            for side in link:
                side.transport.abort()

    def cut(self):
        """Resets what is connected; new connections are taken."""
        self._call(self._abort)

    def refuse(self):
        """Resets what is connected and every new connection: the host is down."""

        def call():
            self.refusing = True
            self._abort()

        self._call(call)

    def be_deaf(self):
        """New connections are taken and hear nothing; present ones go on."""
        self.deaf = True

    def stall(self):
        """Connections stay open and carry nothing: half open, as behind a dead firewall."""
        self._call(self.flowing.clear)

    def delay(self, seconds):
        """Each way of each chunk takes that long."""
        self.delay_seconds = seconds

    def heal(self):
        def call():
            self.refusing = False
            self.deaf = False
            self.flowing.set()

        self.delay_seconds = 0.0
        self._call(call)

    def close(self):
        if self.thread.is_alive():
            self._call(self._abort)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(10)
