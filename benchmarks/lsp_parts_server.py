"""Two small servers with the same methods, one on pygls alone, one as Hunch's, for ``benchmarks.lsp_parts``.

    python -m benchmarks.lsp_parts_server pygls|hunch [PORT]

``bench/slow`` keeps a thread busy for ``seconds``, ``bench/quick`` answers at once. With a port, pygls listens on it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any


def serve_pygls(port: int | None) -> None:
    """Serve with pygls as its documentation shows."""
    from pygls.lsp.server import LanguageServer

    server = LanguageServer("bench", "1")

    @server.thread()
    @server.feature("bench/slow")
    def slow(params: Any) -> str:
        time.sleep(params.seconds)
        return "slow"

    @server.feature("bench/quick")
    def quick(params: Any) -> str:
        return "quick"

    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)


async def serve_ours() -> None:
    """Serve with our transport, send queue and threads, and the dispatcher that stands on pygls."""
    from hunch.lsp.capabilities import ClientCapabilities
    from hunch.lsp.connection import Arriving
    from hunch.lsp.dispatch import Route, open_dispatcher
    from hunch.lsp.fields import Fields
    from hunch.lsp.initialize import handshake
    from hunch.lsp.threads import Threads
    from hunch.lsp.transport import connect

    threads = Threads(2, "bench")

    async def slow(params: Any) -> str:
        await asyncio.get_running_loop().run_in_executor(threads, time.sleep, params.at("seconds"))
        return "slow"

    async with connect("stdio") as connection:
        arriving = Arriving(connection.incoming)
        if isinstance(await handshake(arriving, connection.send_queue), int):
            return
        dispatcher = open_dispatcher(connection.send_queue, ClientCapabilities())
        dispatcher.add_routes({"bench/slow": Route(Fields, slow), "bench/quick": Route(Fields, lambda _: "quick")})
        async for message in arriving:
            await dispatcher.receive(message)
            if dispatcher.exit_status is not None:
                return


def main() -> None:
    """Serve on stdio."""
    if sys.argv[1] == "pygls":
        serve_pygls(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    else:
        asyncio.run(serve_ours())


if __name__ == "__main__":
    main()
