# SPDX-License-Identifier: GPL-2.0
"""
halves.py answer ADDRESS PORT: what is asked, in capitals, once it has ended.
halves.py ask ADDRESS PORT: asks its standard input, prints the answer.

By asyncio; each side ends its half of the connection on its own (write_eof).
"""
import asyncio, sys

ROLE, ADDRESS, PORT = sys.argv[1:]


async def answer(reader, writer):
    writer.write((await reader.read()).upper())
    writer.write_eof()
    await writer.drain()
    writer.close()


async def serve():
    async with await asyncio.start_server(answer, ADDRESS, PORT) as server:
        await server.serve_forever()


async def ask():
    reader, writer = await asyncio.open_connection(ADDRESS, PORT)
    writer.write(sys.stdin.buffer.read())
    writer.write_eof()
    sys.stdout.buffer.write(await reader.read())
    writer.close()
    await writer.wait_closed()


asyncio.run(serve() if ROLE == "answer" else ask())
