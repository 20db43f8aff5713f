"""The bombs of bombs.sh: PORT ROUNDS LIMIT_MS."""

import base64
import hashlib
import http.client
import json
import multiprocessing
import os
import socket
import struct
import sys
import time
import urllib.parse

PORT, ROUNDS, LIMIT_MS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
REFUSALS = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"}


def bombs():
    for n in (100, 1_500, 2_000, 5_000, 50_000):
        yield f"{n} lists", "{a(x:" + "[" * n + "1" + "]" * n + ")}"
        yield f"{n} objects", "{a(x:" + "{a:" * n + "1" + "}" * n + ")}"
        yield f"{n} selections", "{a" * n + "}" * n
        yield f"{n} types", "query($a:" + "[" * n + "Int" + "]" * n + "){a}"
    doubling = "{...f0}" + "".join(f" fragment f{i} on Query {{...f{i + 1} ...f{i + 1}}}" for i in range(31))
    yield "31 doublings", doubling + " fragment f31 on Query {__typename}"
    yield "31 doublings of nothing", doubling
    yield "50,000 directives", "{__typename" + " @include(if:true)" * 50_000 + "}"
    yield "20,000 aliases", "{" + "".join(f"a{i}:__typename " for i in range(20_000)) + "}"
    yield "20,000 duplicates", "{" + "__typename " * 20_000 + "}"
    yield "1 MB of commas", "{__typename" + "," * 1_000_000 + "}"
    yield "128 KB of commas in 1,900 gaps", "{viewer{" + ("nope" + "," * 62) * 1_900 + "}}"
    yield "128 KB of spaces and 30 brackets", ("[" + " " * 2_000) * 60
    yield "strings without end", '\\"""' * 120_000
    yield "comments", "{__typename " + "#\n" * 300_000 + "}"
    yield "nested fragments", "{" + "... on Query{" * 60 + "nothing" + "}" * 61
    yield "a cost beyond measure", (
        "{resources(first:500){nodes{virtualTags(first:500){nodes{resource{virtualTags(first:500){nodes{id}}}}}}}}"
    )


def by_hash(text):
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}


class Http:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)

    def post(self, body):
        headers = {"Content-Type": "application/json"}
        return self.answer("POST", "/graphql", body, headers)

    def answer(self, method, path, body=None, headers=None):
        started = time.perf_counter()
        self.connection.request(method, path, body, headers or {})
        response = self.connection.getresponse()
        text = response.read()
        elapsed = time.perf_counter() - started
        if response.status in (414, 431):
            self.connection.close()
            return elapsed, "BAD_REQUEST"
        return elapsed, code(json.loads(text).get("errors"))


class Socket:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        while self.file.readline() != b"\r\n":
            pass
        self.send({"type": "connection_init"})
        assert self.receive() == {"type": "connection_ack"}

    def send(self, message):
        self.send_text(json.dumps(message).encode())

    def send_text(self, text):
        length = len(text)
        head = bytes([0x81])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65_536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        # A mask of zeros leaves the text as it is.
        self.socket.sendall(head + bytes(4) + text)

    def receive(self):
        while True:
            kind, length = self.file.read(2)
            if length == 126:
                length = struct.unpack(">H", self.file.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.file.read(8))[0]
            text = self.file.read(length)
            if kind & 0x0F == 8:
                return {"type": "close", "code": struct.unpack(">H", text[:2])[0]}
            if kind & 0x0F == 1 and (message := json.loads(text)) != {"type": "ping"}:
                return message

    def refusal(self, text):
        started = time.perf_counter()
        self.send_text(text)
        message = self.receive()
        elapsed = time.perf_counter() - started
        if message["type"] == "close":
            return elapsed, "BAD_REQUEST" if message["code"] == 4400 else f"closed with {message['code']}"
        return elapsed, code(message.get("payload"))


def code(errors):
    return errors[0]["extensions"]["code"] if errors else "OK"


def others(stop, waits):
    """Somebody else, who asks for the queue's figures again and again."""
    http_, seen = Http(), []
    body = json.dumps({"query": "{approvals(first:50){nodes{id tagKey resource{id}}} approvalStats{pending}}"})
    while not stop.is_set():
        elapsed, answer = http_.post(body)
        assert answer == "OK", answer
        seen.append(elapsed * 1000)
        time.sleep(0.002)
    seen.sort()
    waits.put((len(seen), seen[len(seen) // 2], seen[int(len(seen) * 0.99)]))


def meanwhile(work):
    """Does the work; gives what others waited meanwhile."""
    stop, waits = multiprocessing.Event(), multiprocessing.Queue()
    other = multiprocessing.Process(target=others, args=(stop, waits), daemon=True)
    other.start()
    time.sleep(0.5)
    work()
    stop.set()
    told = waits.get()
    other.join()
    return told


slowest = {}


def note(name, way, refused):
    elapsed, refusal = refused
    if refusal not in REFUSALS:
        sys.exit(f"{name} by {way}: {refusal}")
    slowest[(name, way)] = max(slowest.get((name, way), 0), elapsed * 1000)


def attack():
    http_ = Http()
    websocket = Socket()
    for _ in range(ROUNDS):
        for name, text in bombs():
            body = json.dumps({"query": text})
            if len(body) > 1 << 20:
                sys.exit(f"{name} is larger than a body may be")
            note(name, "POST", http_.post(body))
            note(name, "APQ", http_.post(json.dumps({"query": text, "extensions": by_hash(text)})))
            subscribe = {"type": "subscribe", "id": "1", "payload": {"query": text}}
            note(name, "websocket", websocket.refusal(json.dumps(subscribe).encode()))
            path = "/graphql?" + urllib.parse.urlencode({"query": text})
            if len(path) < 65_000:
                note(name, "GET", http_.answer("GET", path))
        for n in (1_000, 400_000):
            deep = '{"query":"{__typename}","variables":{"a":' + "[" * n + "]" * n + "}}"
            note(f"variables {n} deep", "POST", http_.post(deep))
            message = '{"type":"subscribe","id":"1","payload":' + deep + "}"
            note(f"variables {n} deep", "websocket", Socket().refusal(message.encode()))


def main():
    calm = meanwhile(lambda: time.sleep(3))
    attacked = meanwhile(attack)
    names = dict.fromkeys(name for name, _ in slowest)
    for name in names:
        ways = [f"{way} {ms:.1f}" for (each, way), ms in slowest.items() if each == name]
        print(f"{name:34} ms: {', '.join(ways)}")
    for what, (count, median, p99) in (("calm", calm), ("attacked", attacked)):
        print(f"others, {what}: {count} pages, median {median:.1f} ms, p99 {p99:.1f} ms")
    worst = max(slowest, key=slowest.get)
    print(f"slowest: {worst[0]} by {worst[1]}, {slowest[worst]:.1f} ms")
    if slowest[worst] >= LIMIT_MS:
        sys.exit(f"slower than {LIMIT_MS} ms")


if __name__ == "__main__":
    main()
