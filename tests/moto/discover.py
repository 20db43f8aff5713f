"""Discovers what boto3 made in moto, and compares each resource and each tag: discover.py PROGRAM

moto has no Resource Explorer: what is discovered is what has tags, and its coverage says so.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import resources

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
RUN = "mutation { runDiscovery { run { id } userErrors { message } } }"
ENDED = "query($id: ID!) { jobRun(id: $id) { status error finishedAt } }"
COVERAGE = "{ sources { name accounts { nodes { accountId coverage reasons resourceCount } } } }"
PAGE = """query($after: String) { resources(first: 100, after: $after) {
    nodes { resourceId accountId nativeTags } pageInfo { hasNextPage endCursor } } }"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, seconds, check):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if (result := check()) is not None:
                return result
        time.sleep(0.2)
    sys.exit(f"moto: no {what} within {seconds} s")


def opens(url):
    with urllib.request.urlopen(url) as answer:
        return answer.status


def ask(origin, query, variables=None):
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(f"{origin}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        answer = json.load(answer)
    if "errors" in answer:
        sys.exit(f"moto: {answer}")
    return answer["data"]


@contextlib.contextmanager
def program(*command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def made(endpoint):
    """Makes the resources; their tags by ARN, as AWS itself lists them."""

    def client(service):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    resources.make_all(client)
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources").paginate()
    listed = [resource for page in pages for resource in page["ResourceTagMappingList"]]
    return {each["ResourceARN"].removesuffix(":*"): each["Tags"] for each in listed}


def wrong_tags(found, listed):
    """Differences between what boto3 wrote and what was discovered."""
    for arn, pairs in listed.items():
        service = next(pair["Value"] for pair in pairs if pair["Key"] == "Service")
        number = int(next(pair["Value"] for pair in pairs if pair["Key"] == "Cost Center"))
        expected = resources.tags(service, number)
        if found.get(arn) != expected:
            yield f"{arn}: {found.get(arn)}, not {expected}"


def discovered(origin):
    run = ask(origin, RUN)["runDiscovery"]["run"]["id"]

    def ended():
        state = ask(origin, ENDED, {"id": run})["jobRun"]
        return state if state["finishedAt"] else None

    state = wait_for("end of the run", 120, ended)
    if state["status"] != "SUCCEEDED":
        sys.exit(f"moto: {state}")
    found, after = {}, None
    while True:
        page = ask(origin, PAGE, {"after": after})["resources"]
        found |= {node["resourceId"]: node["nativeTags"] for node in page["nodes"]}
        if any(node["accountId"] != ACCOUNT for node in page["nodes"]):
            sys.exit("moto: a resource of another account")
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def main():
    binary = sys.argv[1]
    endpoint = f"http://127.0.0.1:{(moto_port := free_port())}"
    origin = f"http://127.0.0.1:{(port := free_port())}"
    server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(moto_port)]
    with tempfile.TemporaryDirectory(prefix="vt-") as directory, contextlib.ExitStack() as stack:
        # The service started by root runs its PostgreSQL as somebody else, who must get there.
        os.chmod(directory, 0o755)
        log = stack.enter_context(open(os.path.join(directory, "moto.log"), "w"))
        stack.enter_context(program(*server, stdout=log, stderr=log))
        wait_for("moto", 60, lambda: opens(f"{endpoint}/moto-api/"))
        listed = made(endpoint)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_REGIONS": REGION,
            "AWS_RESOURCE_EXPLORER": "off",
            "DISCOVERY_SOURCES": f"aws:{ACCOUNT}",
            "DISCOVERY_INTERVAL": "0 0 1 1 *",
            "API_PORT": str(port),
            "DATA_DIR": os.path.join(directory, "data"),
            "RUST_LOG": "warn",
        }
        stack.enter_context(program(binary, "serve", env=environment, cwd=directory))
        wait_for("service", 120, lambda: opens(f"{origin}/readyz"))
        found = discovered(origin)
        wrong = list(wrong_tags(found, listed))
        account = ask(origin, COVERAGE)["sources"][0]["accounts"]["nodes"][0]
        print(f"{len(found)} resources of {len(resources.SERVICES)} services; {account}")
        if wrong or len(found) < 200 or len(found) != len(listed):
            sys.exit("moto: " + "\n".join([f"{len(listed)} made, {len(found)} found", *wrong[:20]]))
        if account["coverage"] != "TAGGED_ONLY":
            sys.exit(f"moto: {account}")


if __name__ == "__main__":
    main()
