"""What bench/bulk.sh asks of the service: a bulk decision, and the queue page at a fixed rate meanwhile.

    bulk.py URL decide              approves all pending tags of the key `environment`; prints the seconds that it took
    bulk.py URL page RATE SECONDS   asks for the queue page, RATE times a second; prints how long the answers took
    bulk.py URL both RATE           the same for as long as a bulk decision takes

A page's time counts from the moment at which it was to be asked for, so that a stall is seen by all who meet it.
"""

import asyncio
import json
import pathlib
import sys
import time

PAGE = pathlib.Path(__file__).with_name("queue-page.graphql").read_text()
APPROVE = """mutation { approveTags(input: {filter: {tagKey: "environment"}, reason: "bench"}) {
    run { id progressTotal } userErrors { message } } }"""
RUN = "query($id: ID!) { jobRun(id: $id) { status error progressDone finishedAt counts { name count } } }"


class Client:
    """Connections to the service, each used again when its answer is read."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.address, self.idle = (host, int(port)), []

    async def ask(self, query, **variables):
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(*self.address)
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.split("content-length:")[1].split("\r\n")[0]
        answer = json.loads(await reader.readexactly(int(length)))
        self.idle.append((reader, writer))
        if "errors" in answer:
            sys.exit(f"the service answered {answer['errors']}")
        return answer["data"]


async def decide(client):
    began = time.perf_counter()
    answer = (await client.ask(APPROVE))["approveTags"]
    frozen = time.perf_counter() - began
    if answer["run"] is None:
        sys.exit(f"there is no run: {answer}")
    while True:
        run = (await client.ask(RUN, id=answer["run"]["id"]))["jobRun"]
        if run["finishedAt"]:
            break
        await asyncio.sleep(0.02)
    took = time.perf_counter() - began
    if run["status"] != "SUCCEEDED":
        sys.exit(f"the run ended so: {run}")
    counts = ", ".join(f"{count['count']} {count['name']}" for count in run["counts"])
    return took, f"answered after {frozen:.2f} s, {counts}"


async def page(client, rate, going):
    """Asks until `going()` is false; gives the seconds that each answer took."""
    tasks, began, n = [], time.perf_counter(), 0

    async def one(due):
        await client.ask(PAGE)
        return time.perf_counter() - due

    while going():
        due = began + n / rate
        n += 1
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    return sorted(await asyncio.gather(*tasks))


def told(times):
    at = lambda share: 1000 * times[min(len(times) - 1, int(share * len(times)))]
    return f"{at(0.99):.1f} {at(0.5):.1f} {1000 * times[-1]:.1f} {len(times)}"


async def main(url, what, *numbers):
    client = Client(url)
    if what == "decide":
        took, words = await decide(client)
        print(f"{took:.3f}")
        print(words, file=sys.stderr)
    elif what == "page":
        until = time.perf_counter() + float(numbers[1])
        print(told(await page(client, float(numbers[0]), lambda: time.perf_counter() < until)))
    else:
        decision = asyncio.create_task(decide(client))
        times = await page(client, float(numbers[0]), lambda: not decision.done())
        took, words = await decision
        print(told(times))
        print(f"{took:.2f} s beside the pages; {words}", file=sys.stderr)


asyncio.run(main(*sys.argv[1:]))
