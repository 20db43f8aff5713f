"""What bench/scope.sh asks, and how it compares the answers and their times."""

import base64
import http.client
import json
import os
import random
import statistics
import sys
import time
import urllib.parse

TRIES = int(os.environ.get("TRIES", 200))
LIMIT = float(os.environ.get("LIMIT", 1.2))
PORT, TOKEN = int(os.environ["API_PORT"]), os.environ["TOKEN"]
ONLY = os.environ.get("ONLY", "")
KINDS = ["none", "one", "many"]


def text(field):
    return {kind: f'{field}: "secret-{kind}"' for kind in KINDS}


def three(field, none, one, many):
    return {kind: f"{field}: {value}" for kind, value in zip(KINDS, (none, one, many))}


def global_id(of_type, key):
    return '"' + base64.urlsafe_b64encode(f"{of_type}:{key}".encode()).decode().rstrip("=") + '"'


# What tags can be filtered by, and a value that nobody has, a few have, and many have, of those out of scope.
TAGS = {
    "tagKey": text("tagKey"),
    "tagValue": text("tagValue"),
    "evidenceSignature": text("evidenceSignature"),
    "resourceType": text("resourceType"),
    "source": three("source", "MODEL", "INHERITED", "CSV"),
    "accountId": three("accountId", '"account-none"', '"account-998"', '"account-0"'),
    "maxConfidence": three("maxConfidence", 0.01, 0.06, 0.2),
    "createdAfter": three("createdAfter", *(f'"{year}-01-01T00:00:00Z"' for year in (2400, 2250, 2100))),
    "tagKey and tagValue": {k: f'tagKey: "environment", tagValue: "secret-{k}"' for k in KINDS},
}
RULES = {"ruleId": three("ruleId", *(global_id("Rule", key) for key in (1003, 1001, 1002)))}
RESOURCES = {
    "resourceType": text("resourceType"),
    "region": text("region"),
    "namePrefix": text("namePrefix"),
    "tagKey": text("tagKey"),
    "lacksTagKey": text("lacksTagKey"),
    "accountId": TAGS["accountId"],
}
AUDIT = {
    "actor": text("actor"),
    "tagKey": text("tagKey"),
    "action": three("action", "DELETED", "RESTORED", "WITHDRAWN"),
    "actor and tagKey": {k: f'actor: "ann", tagKey: "secret-{k}"' for k in KINDS},
}


class Service:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)
        self.headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}

    def request(self, method, path, body=None):
        started = time.perf_counter()
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        elapsed = time.perf_counter() - started
        if answer.status != 200 or b'"errors"' in content:
            sys.exit(f"{method} {path} {body}: {answer.status} {content[:300]}")
        return elapsed, content

    def graphql(self, document):
        return self.request("POST", "/graphql", json.dumps({"query": document}))


def first_cursor(service, field):
    _, content = service.graphql("{ %s(first: 1) { pageInfo { endCursor } } }" % field)
    return json.loads(content)["data"][field]["pageInfo"]["endCursor"]


def cases(service):
    """Name, and a request for each kind of value."""

    def of_list(field, filters, orders=()):
        cursor = first_cursor(service, field)
        for name, values in filters.items():
            def asked(selection, arguments=""):
                return {
                    k: ("POST", "/graphql", json.dumps({
                        "query": "{ %s(filter: {%s}%s) { %s } }" % (field, value, arguments, selection)}))
                    for k, value in values.items()
                }
            page = "edges { cursor } pageInfo { hasNextPage hasPreviousPage }"
            yield f"{field} by {name}", asked(page, ", first: 50")
            for order in orders:
                yield f"{field} by {name}, {order}", asked(page, f", first: 50, order: {order}")
            # Behind a cursor a total is not made exact by the page.
            total = "totalCount totalCountIsEstimate"
            yield f"{field} by {name}, total", asked(total, f', first: 1, after: "{cursor}"')

    yield from of_list("approvals", TAGS, ["AGE"])
    yield from of_list("approvalGroups", TAGS)
    yield from of_list("virtualTags", TAGS | RULES)
    yield from of_list("resources", RESOURCES, ["NEWEST"])
    yield from of_list("tagAudit", AUDIT)
    for name, values in TAGS.items():
        stats = "pending autoApplied byKey { count } byConfidence { count } oldest decidedLastDay isEstimate"
        yield f"approvalStats by {name}", {
            k: ("POST", "/graphql", json.dumps({"query": "{ approvalStats(filter: {%s}) { %s } }" % (value, stats)}))
            for k, value in values.items()
        }
        decide = "mutation { approveTags(input: {filter: {%s}}) { decided results { outcome } run { id } } }"
        yield f"approveTags by {name}", {
            k: ("POST", "/graphql", json.dumps({"query": decide % value})) for k, value in values.items()
        }
    for what in ("resources", "tags"):
        query = lambda kind: urllib.parse.urlencode({"what": what, "resourceType": f"secret-{kind}"})
        yield f"export of {what} by resourceType", {k: ("GET", f"/csv/export?{query(k)}") for k in KINDS}


def compare(service, requests):
    """The medians of the times in milliseconds, and how far those of `one` and `many` are from those of `none`."""
    times = {kind: [] for kind in KINDS}
    for _ in range(TRIES):
        for kind in random.sample(KINDS, len(KINDS)):
            times[kind].append(service.request(*requests[kind])[0] * 1000)
    medians = [statistics.median(times[kind]) for kind in KINDS]
    return medians, [median / medians[0] for median in medians[1:]]


def main():
    service, bad, count, worst = Service(), 0, 0, 1.0
    print(f"{'none':>8} {'one':>8} {'many':>8} ms   one/none many/none")
    for name, requests in cases(service):
        if ONLY not in name:
            continue
        count += 1
        answers = {kind: service.request(*request)[1] for kind, request in requests.items()}
        medians, ratios = compare(service, requests)
        differ = lambda: any(not 1 / LIMIT <= ratio <= LIMIT for ratio in ratios)
        if differ():
            # Something else on the machine may have been the cause; it is not twice.
            medians, ratios = compare(service, requests)
        faults = []
        if len(set(answers.values())) > 1:
            faults.append(f"answers differ: {answers}")
        if differ():
            faults.append("times differ")
        worst = max(worst, *ratios, *(1 / ratio for ratio in ratios))
        figures = " ".join(f"{median:8.2f}" for median in medians)
        print(f"{figures}      {ratios[0]:8.2f} {ratios[1]:9.2f}  {name}", flush=True)
        for fault in faults:
            print(f"    !! {fault}")
        bad += bool(faults)
    print(f"{count} cases of {TRIES} tries each, {bad} of them bad; the furthest apart by a factor of {worst:.2f}")
    sys.exit(bad > 0)


main()
