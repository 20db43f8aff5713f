"""One viewer at every door in turn, and what another caller notices of it; see hostile-viewer.sh.

Usage: hostile_viewer.py PORT PID VIEWER_TOKEN APPROVER_TOKEN SECONDS_EACH CALM_SECONDS [DOOR ...]
"""

import asyncio
import base64
import collections
import hashlib
import http.client
import itertools
import json
import multiprocessing
import os
import pathlib
import random
import sys
import time
import urllib.parse

PORT, PID, VIEWER, APPROVER = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
SECONDS_EACH, CALM_SECONDS, CHOSEN = float(sys.argv[5]), float(sys.argv[6]), sys.argv[7:]
TIMES_CALM, P99_MS, PEAK_MB = 5, 500, 300
PROCESSES = 2
MB = 1 << 20
# Refusals show in the status only to whoever accepts this type.
JSON = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}


# A client of the attackers. It counts what it is answered, and never waits for longer than a few seconds.


class Client:
    """One connection that comes again when it is closed."""

    def __init__(self, counts, token=VIEWER):
        self.counts, self.token, self.reader, self.writer = counts, token, None, None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", PORT, limit=MB)

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    def head(self, method, path, headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{PORT}"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def ask(self, method, path, body=b"", headers=JSON, pause=0.0):
        """Sends a request and reads its answer to the end, a part of it at a time with pauses between."""
        try:
            if self.writer is None:
                await self.open()
            self.writer.write(self.head(method, path, headers | {"Content-Length": len(body)}) + body)
            # An answer may come before the whole body was taken.
            sending = asyncio.ensure_future(self.writer.drain())
            sending.add_done_callback(lambda task: task.cancelled() or task.exception())
            status = await asyncio.wait_for(self.answer(pause), 30)
            sending.cancel()
            self.counts[status] += 1
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            self.counts[type(error).__name__] += 1
            self.close()
            await asyncio.sleep(0.05)

    async def answer(self, pause):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = head.split(" ", 2)[1]
        length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), None)
        if length is not None:
            await self.skip(length, pause)
        elif "transfer-encoding: chunked" in head:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                await self.skip(size + 2, pause)
            await self.reader.readexactly(2)
        if "connection: close" in head:
            self.close()
        return status

    async def skip(self, length, pause):
        while length:
            part = await self.reader.read(min(length, 65536))
            if not part:
                raise asyncio.IncompleteReadError(b"", length)
            length -= len(part)
            if pause:
                await asyncio.sleep(pause)


class Socket:
    """A websocket with the subprotocol graphql-transport-ws."""

    def __init__(self, counts):
        self.counts = counts

    async def open(self, greet=True, token=VIEWER):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", PORT, limit=MB)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        self.counts["ws " + head.split(b" ", 2)[1].decode()] += 1
        if greet:
            await self.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
            await asyncio.wait_for(self.reader.read(4096), 10)
        return self

    async def send(self, message):
        await self.frame(1, message if isinstance(message, bytes) else json.dumps(message).encode())

    async def frame(self, opcode, payload):
        """A frame (RFC 6455) with a mask of zeros, which costs its sender nothing."""
        size = len(payload)
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, 0xFF]) + size.to_bytes(8, "big")
        self.writer.write(head + b"\0\0\0\0" + payload)
        await asyncio.wait_for(self.writer.drain(), 20)

    async def drop_answers(self):
        """Reads whatever comes until the server ends it."""
        while part := await self.reader.read(65536):
            self.counts["ws MB read"] += len(part) / MB


async def sockets(counts, deadline, number, work, greet=True, reads=True):
    """So many sockets at work, each opened anew when it is closed."""

    async def one(index):
        while time.monotonic() < deadline:
            socket, reading = Socket(counts), None
            try:
                await socket.open(greet)
                if reads:
                    reading = asyncio.ensure_future(socket.drop_answers())
                await work(socket, index)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
                counts[type(error).__name__] += 1
                await asyncio.sleep(0.1)
            finally:
                if reading:
                    reading.cancel()
                if hasattr(socket, "writer"):
                    socket.writer.close()

    await asyncio.gather(*(one(index) for index in range(number)))


async def requests(counts, deadline, number, request, token=VIEWER):
    """So many connections, each of which asks one thing after the other."""

    async def one():
        client = Client(counts, token)
        while time.monotonic() < deadline:
            await request(client)
        client.close()

    await asyncio.gather(*(one() for _ in range(number)))


def body(query, variables=None, **more):
    return json.dumps({"query": query, "variables": variables or {}} | more).encode()


async def from_list(counts, deadline, number, bodies, token=VIEWER):
    turns = itertools.cycle(bodies)
    await requests(counts, deadline, number, lambda client: client.ask("POST", "/graphql", next(turns)), token)


# The doors. Each is a coroutine of the counts and the moment at which it ends.

TYPENAME = "{__typename}"
LARGE = """resources(first: 40) { nodes { id name resourceId nativeTags virtualTags(first: 3) { nodes { id tagKey tagValue
    evidence } } effectiveTags { key value } } }"""
SLOW = "resource.name.matches('%s(x+x+)+y|((a|aa)+)+$|(.*.*.*)*web') && resource.name.matches('^(([a-z])+.)+[A-Z]([a-z])+$')"


async def json_floods(counts, deadline):
    """Bodies near every limit that are no GraphQL, no JSON, or much of both."""
    filler = b'{"query":"{__typename}","variables":{"a":'
    bodies = [
        filler + b"[" * 400_000 + b"]" * 400_000 + b"}}",
        filler + b'"' + b"x" * (MB - 100) + b'"}}',
        filler + b"[" + b"1," * 520_000 + b"1]}}",
        filler + b"{" + b",".join(b'"%d":{}' % i for i in range(80_000)) + b"}}}",
        body("{" + "a " * 60_000 + "}"),
        body("{__typename" + "," * 130_000 + "}"),
        b"\xff" * (MB - 1),
        b"{" * (MB + 10),
    ]
    await from_list(counts, deadline, 16, bodies)


async def variables(counts, deadline):
    """A megabyte of variables, declared and not, that fit and do not."""
    ids = [base64.urlsafe_b64encode(b"VirtualTag:%d" % i).decode().rstrip("=") for i in range(40_000)]
    bodies = [
        body("query($a: ID!) { node(id: $a) { id } }", {"a": "x" * (MB - 200)}),
        body("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}),
        body("mutation($ids: [ID!]!) { approveTags(input: {ids: $ids}) { decided } }", {"ids": ids}),
        body(TYPENAME, {f"undeclared{i}": [i] * 10 for i in range(8_000)}),
        body("query($f: ApprovalFilter) { approvals(filter: $f) { totalCount } }", {"f": {"tagKey": "k" * 900_000}}),
    ]
    await from_list(counts, deadline, 16, bodies)


def part(name, content, file_name=None):
    of_file = f'; filename="{file_name}"' if file_name else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n\r\n'.encode() + content + b"\r\n"


MULTIPART = {"Content-Type": "multipart/form-data; boundary=b", "Apollo-Require-Preflight": "true"}
UPLOAD = json.dumps(
    {
        "query": "mutation($file: Upload!) { importInventory(input: {file: $file}) { userErrors { code } } }",
        "variables": {"file": None},
    }
).encode()


async def multipart(counts, deadline):
    """Huge parts, and thousands of them."""
    file_map = b'{"0":["variables.file"]}'
    bodies = [
        part("operations", b'{"query":"' + b"x" * (20 * MB)),
        part("operations", UPLOAD) + part("map", b'{"0":["' + b"y" * (20 * MB) + b'"]}'),
        part("operations", UPLOAD) + part("map", file_map) + b"".join(part(str(i), b"x", "x") for i in range(20_000)),
        part("operations", UPLOAD) + part("map", file_map) + part("0", b"x" * (20 * MB), "x.csv") + b"--b--\r\n",
        b"".join(part("operations", UPLOAD) for _ in range(20_000)),
    ]
    turns = itertools.cycle(bodies)
    await requests(counts, deadline, 8, lambda client: client.ask("POST", "/graphql", next(turns), MULTIPART))


async def drips(counts, deadline):
    """Uploads, bodies and headers that come a byte a second, on 600 connections."""
    upload = part("operations", UPLOAD) + part("map", b'{"0":["variables.file"]}') + part("0", b"", "x.csv")[:-2]
    beginnings = [
        ("POST", MULTIPART | {"Content-Length": 200 * MB}, upload + b"x" * MB),
        ("POST", JSON | {"Content-Length": MB - 1}, b"{"),
        ("GET", {}, None),
    ]

    async def one(index):
        while time.monotonic() < deadline:
            client = Client(counts)
            try:
                await client.open()
                method, headers, beginning = beginnings[index % len(beginnings)]
                head = client.head(method, "/graphql", headers)
                client.writer.write(head + beginning if beginning is not None else head[:-2] + b"X-Slow: ")
                while time.monotonic() < deadline:
                    client.writer.write(b"x")
                    await asyncio.wait_for(client.writer.drain(), 5)
                    await asyncio.sleep(1)
            except (OSError, asyncio.TimeoutError):
                counts["cut off"] += 1
                await asyncio.sleep(0.1)
            finally:
                client.close()

    await asyncio.gather(*(one(index) for index in range(300)))


async def get(counts, deadline):
    """Long documents and variables in URLs."""
    paths = [
        "/graphql?query=" + urllib.parse.quote("{" + "a:__typename " * 1_500 + "}"),
        "/graphql?query=%7B__typename%7D&variables=" + urllib.parse.quote(json.dumps({"a": ["x"] * 3_000})),
        "/graphql?" + "&".join(f"a{i}=b" for i in range(4_000)),
        "/graphql?query=" + "%7B" * 15_000,
        "/" + "x" * 40_000,
    ]
    turns = itertools.cycle(paths)
    accept = {"Accept": "application/graphql-response+json"}
    await requests(counts, deadline, 16, lambda client: client.ask("GET", next(turns), headers=accept))


async def aliases(counts, deadline):
    """Large fields under as many names as are allowed, and the same read slowly."""
    evidence = "approvals(first: 100) { nodes { id evidence resource { nativeTags } } }"
    most = [await most_allowed(field) for field in (LARGE, evidence)]
    turns = itertools.cycle(most)
    await asyncio.gather(
        requests(counts, deadline, 12, lambda client: client.ask("POST", "/graphql", next(turns))),
        requests(counts, deadline, 4, lambda client: client.ask("POST", "/graphql", most[0], pause=0.1)),
    )


async def most_allowed(field):
    """The field as often as it is answered."""
    for n in (20, 16, 12, 8, 6, 4, 3, 2):
        counts = collections.Counter()
        client, text = Client(counts), body("{" + " ".join(f"a{i}: {field}" for i in range(n)) + "}")
        await client.ask("POST", "/graphql", text)
        client.close()
        if counts["400"] == 0:
            return text
    return body("{" + field + "}")


async def documents(counts, deadline):
    """Documents that nobody has sent before: deep, wide, full of fragments, or the schema's own description."""
    deep = "resource { virtualTags(first: 1) { nodes { " * 3 + "id" + " } } }" * 3

    def fresh():
        name = f"n{random.getrandbits(60)}"
        fragments = " ".join(f"fragment {name}{i} on Query {{ ...{name}{i + 1} __typename }}" for i in range(100))
        texts = [
            f"query {name} {{ virtualTags(first: 1) {{ nodes {{ {deep} }} }} }}",
            f"query {name} {{ ...{name}0 }} {fragments} fragment {name}100 on Query {{ __typename }}",
            f"query {name}({' '.join(f'$v{i}: Int' for i in range(400))}) {{ __typename }}",
            f"query {name} {{ __schema {{ types {{ name fields {{ name args {{ name type {{ name }} }} type {{ name ofType "
            "{ name ofType { name } } } } } } }",
            f"query {name} {{ {' '.join(f'{name}{i}: viewer {{ subject }}' for i in range(20))} }}",
            f"query {name} {{ {' '.join(f'{name}{i}' for i in range(900))} }}",
        ]
        return body(random.choice(texts))

    await requests(counts, deadline, 16, lambda client: client.ask("POST", "/graphql", fresh()))


async def persisted(counts, deadline):
    """Documents to be kept by their hashes, each another one."""

    def fresh():
        text = f"query n{random.getrandbits(60)} {{ __typename }}" + " " * 60_000
        digest = hashlib.sha256(text.encode()).hexdigest()
        return body(text, extensions={"persistedQuery": {"version": 1, "sha256Hash": digest}})

    await requests(counts, deadline, 16, lambda client: client.ask("POST", "/graphql", fresh()))


async def exports(counts, deadline):
    """24 exports at once, half of them read slowly."""
    paths = itertools.cycle(["/csv/export?what=tags", "/csv/export", "/csv/export?what=tags&cloud=aws", "/csv/template"])

    def ask(pause):
        return lambda client: client.ask("GET", next(paths), headers={}, pause=pause)

    await asyncio.gather(requests(counts, deadline, 6, ask(0)), requests(counts, deadline, 6, ask(0.05)))


async def websockets_before_init(counts, deadline):
    """Pings, messages and nonsense of a megabyte before anybody said who asks."""
    messages = [
        json.dumps({"type": "ping", "payload": {"x": "x" * (MB - 100)}}).encode(),
        b'{"type":"ping","payload":' + b"[" * 300_000 + b"]" * 300_000 + b"}",
        json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "x" * (MB - 200)}}).encode(),
    ]

    async def work(socket, index):
        for turn in range(1000):
            if time.monotonic() >= deadline:
                return
            await socket.send(messages[(index + turn) % len(messages)])
            await socket.frame(9, b"x" * 125)

    await sockets(counts, deadline, 24, work, greet=False)


async def websocket_pings(counts, deadline):
    """Pings of a megabyte after the greeting, from sockets that read the answers and from such that do not."""
    ping = json.dumps({"type": "ping", "payload": {"x": "x" * (MB - 100)}}).encode()

    async def work(socket, _):
        while time.monotonic() < deadline:
            await socket.send(ping)
            for _ in range(100):
                await socket.send(b'{"type":"ping"}')

    await asyncio.gather(
        sockets(counts, deadline, 16, work), sockets(counts, deadline, 8, work, reads=False)
    )


async def subscriptions(counts, deadline):
    """A hundred subscriptions on each of fifty sockets, no two of them alike."""

    async def work(socket, index):
        for i in range(100):
            name = f"a{os.getpid()}_{index}_{i}"
            query = f"subscription {{ {name}: approvalStats(filter: {{tagValue: \"value-{i}\"}}) {{ pending }} }}"
            if i % 2:
                query = f"subscription {{ {name}: approvalEvents {{ cursor events {{ change {{ id }} }} }} }}"
            await socket.send({"type": "subscribe", "id": name, "payload": {"query": query}})
        while time.monotonic() < deadline and not socket.reader.at_eof():
            await asyncio.sleep(0.2)

    await sockets(counts, deadline, 25, work)


async def replays(counts, deadline):
    """The whole trail again and again, with all that its rows lead to."""
    after = base64.urlsafe_b64encode(b"1:tags:0.0").decode().rstrip("=")
    query = """subscription($after: String) { approvalEvents(after: $after) { cursor events { cursor change { id tagKey
        newValue resource { name nativeTags } virtualTag { evidence } } } } }"""

    async def work(socket, index):
        for turn in range(100):
            payload = {"query": query, "variables": {"after": after}}
            await socket.send({"type": "subscribe", "id": f"{index}.{turn}", "payload": payload})
            await asyncio.sleep(0.5)
            await socket.send({"type": "complete", "id": f"{index}.{turn}"})
            if time.monotonic() >= deadline or socket.reader.at_eof():
                return

    await sockets(counts, deadline, 24, work)


async def rules(counts, deadline):
    """Rules with slow patterns tried on everything, and evaluations."""
    preview = """query($rule: RuleInput!) { previewRule(input: {rule: $rule}) { preview { matches } userErrors { code } } }"""
    resource = base64.urlsafe_b64encode(b"Resource:1").decode().rstrip("=")

    def fresh():
        if random.random() < 0.3:
            return body("{" + " ".join(f'a{i}: inferTags(input: {{id: "{resource}"}}) {{ predictions {{ key }} }}' for i in range(20)) + "}")
        rule = {"ruleName": "x", "condition": SLOW % random.getrandbits(40), "tagKey": "team", "tagValue": "x"}
        return body(preview, {"rule": rule})

    await requests(counts, deadline, 12, lambda client: client.ask("POST", "/graphql", fresh()))


async def wrong_tokens(counts, deadline):
    """Tokens that are none, each another one, wherever one may be shown."""
    head, payload, _ = VIEWER.split(".")

    async def ask(client):
        kind = random.randrange(4)
        signature = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        client.token = [f"{head}.{payload}.{signature}", signature, "vt_" + os.urandom(24).hex(), "x" * 8_000][kind]
        path = random.choice(["/graphql", "/csv/export", "/csv/rejections?run=x", "/csv/template"])
        await client.ask("POST" if path == "/graphql" else "GET", path, body(TYPENAME) if path == "/graphql" else b"")

    async def work(socket, _):
        await socket.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {head}.{payload}.x"}})
        await asyncio.sleep(0.05)

    await asyncio.gather(
        requests(counts, deadline, 16, ask), sockets(counts, deadline, 8, work, greet=False)
    )


async def health(counts, deadline):
    """What is there for everybody: health and metrics."""
    paths = itertools.cycle(["/readyz", "/metrics", "/healthz", "/graphql"])
    await requests(counts, deadline, 24, lambda client: client.ask("GET", next(paths), headers={"Accept": "text/html"}), None)


async def costly(counts, deadline):
    """Operations that are allowed and cost as much as one may, one after the other."""
    texts = [
        "{ approvalStats(filter: {minConfidence: 0.01}) { pending byKey { count } } }",
        "{ resources(filter: {tagKey: \"team\", region: \"region-3\"}) { totalCount } }",
        "{ approvalGroups(first: 500, filter: {resourceType: \"type-0-0\"}) { totalCount nodes { count } } }",
        "{ virtualTags(first: 500, filter: {tagValue: \"value-0\"}) { totalCount nodes { id rule { ruleName } resource { name } } } }",
        "{ tagAudit(last: 500) { totalCount nodes { id resource { name } } } }",
        "{ dashboard { approvals { pending } resourcesByCloud { resources tagged } tagsByStatus { count } } }",
    ]
    await from_list(counts, deadline, 32, [body(text) for text in texts])


DOORS = {
    door.__name__: door
    for door in (
        json_floods,
        variables,
        multipart,
        drips,
        get,
        aliases,
        documents,
        persisted,
        exports,
        websockets_before_init,
        websocket_pings,
        subscriptions,
        replays,
        rules,
        wrong_tokens,
        health,
        costly,
    )
}


def attack(name, deadline, sender):
    os.nice(19)
    counts = collections.Counter()

    async def until_then():
        # Whatever does not notice the deadline by itself is left behind.
        try:
            await asyncio.wait_for(DOORS[name](counts, deadline), max(0.1, deadline - time.monotonic() + 2))
        except asyncio.TimeoutError:
            pass

    try:
        asyncio.run(until_then())
    finally:
        sender.send(counts)


# The other caller.


class Approver:
    """Asks for a page of the queue, one request after the other on one connection."""

    def __init__(self):
        query = (pathlib.Path(__file__).parent / "queue-page.graphql").read_text()
        self.body, self.refused = json.dumps({"query": query}), collections.Counter()
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        self.usual = None

    def ask(self, seconds):
        """Latencies in milliseconds, ten requests a second at most."""
        took, end = [], time.monotonic() + seconds
        headers = JSON | {"Authorization": f"Bearer {APPROVER}"}
        while (began := time.monotonic()) < end:
            try:
                self.connection.request("POST", "/graphql", self.body, headers)
                response = self.connection.getresponse()
                answer = response.read()
                if response.status != 200 or b'"errors"' in answer or answer.count(b'"tagKey"') != 50:
                    self.refused[f"{response.status} {answer[:120]!r}"] += 1
            except OSError as error:
                self.refused[repr(error)] += 1
                self.connection.close()
            took.append((time.monotonic() - began) * 1000)
            time.sleep(max(0, 0.1 - (time.monotonic() - began)))
        took.sort()
        return took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))], len(took)

    def settle(self):
        """Waits, half a minute at most, until what was done at the last door is over; gives how many seconds."""
        began, median = time.monotonic(), self.ask(1)[0]
        self.usual = self.usual or median
        while median > 2 * self.usual and time.monotonic() - began < 30:
            median = self.ask(1)[0]
        return time.monotonic() - began


def peak_mb():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def forget_peak():
    """So that each door has a peak of its own, where the kernel allows it."""
    try:
        with open(f"/proc/{PID}/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass


def besiege(name, approver):
    """One door: calm, attack, and whether the bar holds."""
    waited = approver.settle()
    calm, calm_p99, _ = approver.ask(CALM_SECONDS)
    forget_peak()
    approver.refused.clear()
    receivers, processes, deadline = [], [], time.monotonic() + SECONDS_EACH
    for _ in range(PROCESSES):
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=attack, args=(name, deadline, sender))
        process.start()
        receivers.append(receiver)
        processes.append(process)
    median, p99, asked = approver.ask(SECONDS_EACH)
    counts = collections.Counter()
    for process, receiver in zip(processes, receivers):
        if receiver.poll(10):
            counts.update(receiver.recv())
        process.join(5)
        if process.is_alive():
            process.kill()
    peak = peak_mb()
    broken = []
    if median >= TIMES_CALM * calm:
        broken.append(f"median {median / calm:.1f} times calm")
    if p99 >= P99_MS:
        broken.append("p99")
    if peak >= PEAK_MB:
        broken.append("memory")
    if approver.refused:
        broken.append(f"refused: {dict(approver.refused)}")
    if waited >= 5:
        print(f"it was {waited:.0f} s before the answers came as before", flush=True)
    answers = ", ".join(f"{int(count)} {what}" for what, count in counts.most_common(8))
    print(
        f"{name:24} calm {calm:6.1f} / {calm_p99:6.1f} ms   attacked {median:6.1f} / {p99:6.1f} ms of {asked:4}   "
        f"peak {peak:5.0f} MB   {'BROKEN: ' + '; '.join(broken) if broken else 'holds'}   [{answers}]",
        flush=True,
    )
    return not broken


def main():
    multiprocessing.set_start_method("fork")
    names = CHOSEN or list(DOORS)
    unknown = [name for name in names if name not in DOORS]
    if unknown:
        sys.exit(f"no such door: {', '.join(unknown)}; there are {', '.join(DOORS)}")
    approver = Approver()
    approver.ask(2)
    if approver.refused:
        sys.exit(f"the approver is refused before any attack: {dict(approver.refused)}")
    print("door                     median / p99 of the other caller's page of the queue", flush=True)
    held = [besiege(name, approver) for name in names]
    print(f"{sum(held)} of {len(held)} doors hold")
    sys.exit(0 if all(held) else 1)


main()
