"""Opens many slow connections and many idle websockets, and measures what that does to others.

Usage: sockets.py PORT PID TOKEN SLOW IDLE SECONDS. Prints the latency of /healthz alone and beside them, and the resident
memory that each websocket costs. Exits 1 when p99 beside them is 50 ms or more, or a websocket takes more than 50 KB.
"""

import asyncio
import base64
import json
import os
import sys
import time

PORT, PID, TOKEN, SLOW, IDLE, SECONDS = int(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7])
P99_MS, SOCKET_KB = 50, 50


def resident_kb():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


async def slow(cut):
    """Sends a header, a byte every half second, and comes again when it is cut off."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(b"POST /graphql HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.5)
        except OSError:
            cut.append(time.monotonic())


def frame(text):
    """A masked text frame (RFC 6455) of less than 64 KB."""
    payload, mask = text.encode(), os.urandom(4)
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + len(payload).to_bytes(2, "big")
    return b"\x81" + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


async def idle(opened, gate):
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        payload = {"Authorization": f"Bearer {TOKEN}"}
        writer.write(frame(json.dumps({"type": "connection_init", "payload": payload})))
        assert b"connection_ack" in await reader.read(4096)
    opened.append(writer)
    while await reader.read(4096):
        # Whatever the server says while nothing runs is a ping.
        writer.write(frame('{"type":"pong"}'))


async def healthz(seconds):
    """Latencies in milliseconds of requests on one connection after the other, fifty a second."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200"), answer
        took.append((time.monotonic() - began) * 1000)
        writer.close()
        await asyncio.sleep(0.02)
    took.sort()
    return took


def told(name, took):
    p99 = took[int(len(took) * 0.99)]
    print(f"/healthz {name}: p99 {p99:.1f} ms, median {took[len(took) // 2]:.1f} ms, max {took[-1]:.1f} ms of {len(took)}")
    return p99


async def main():
    await healthz(1)
    told("alone", await healthz(SECONDS / 2))
    before, opened, cut, gate = resident_kb(), [], [], asyncio.Semaphore(100)
    tasks = [asyncio.create_task(idle(opened, gate)) for _ in range(IDLE)]
    while len(opened) < IDLE:
        failed = [task for task in tasks if task.done()]
        if failed:
            failed[0].result()
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    each = (resident_kb() - before) / IDLE
    print(f"{IDLE} websockets: {each:.1f} KB each")
    tasks += [asyncio.create_task(slow(cut)) for _ in range(SLOW)]
    await asyncio.sleep(1)
    p99 = told(f"beside {SLOW} slow connections and {IDLE} idle websockets", await healthz(SECONDS))
    alive = sum(not task.done() for task in tasks[:IDLE])
    print(f"slow connections cut off: {len(cut)}; websockets alive: {alive} of {IDLE}")
    for task in tasks:
        task.cancel()
    sys.exit(0 if p99 < P99_MS and each <= SOCKET_KB and alive == IDLE and cut else 1)


asyncio.run(main())
