"""Holds connections open, as browsers and pools do: connections.py BASE_URL COUNT prints `ready` and stays until SIGTERM.

Each asks for the keys once when it is made and then once a minute, so that the server does not take it for forgotten.
"""

import asyncio
import resource
import signal
import sys
from urllib.parse import urlsplit

import arguments

EVERY_S = 60
ABREAST = 200


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    writer.write(f"GET /.well-known/jwks.json HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise ConnectionError(head.decode(errors="replace"))
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        await ask(reader, writer, host)


async def connect(url: str, gate: asyncio.Semaphore) -> tuple:
    place = urlsplit(url)
    async with gate:
        pair = await asyncio.open_connection(place.hostname, place.port)
        await ask(*pair, place.netloc)
    return (*pair, place.netloc)


async def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    gate = asyncio.Semaphore(ABREAST)
    try:
        held = await asyncio.gather(*(connect(url, gate) for _ in range(count)))
    except (OSError, asyncio.IncompleteReadError) as error:
        sys.exit(f"connections.py: {count} connections to {url} cannot be made: {error}")
    print("ready", flush=True)
    tasks = [asyncio.create_task(hold(*each)) for each in held]
    await stopped.wait()
    # A connection that the server closed meanwhile would make the numbers about fewer than was said.
    lost = sum(task.done() for task in tasks) + sum(reader.at_eof() for reader, _, _ in held)
    sys.exit(f"connections.py: {lost} of {count} were lost" if lost else 0)


if __name__ == "__main__":
    arguments.helped(__doc__, most=2)
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    asyncio.run(main())
