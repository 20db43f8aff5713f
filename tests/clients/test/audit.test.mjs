// The public audit of GraphQL over HTTP: each of its rules is a test here.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serverAudits } from "graphql-http";
import { startService } from "../support/service.mjs";

let service;
let token;

before(async () => {
  service = await startService();
  token = await service.token();
});
after(() => service?.stop());

// The audit knows nothing of credentials: they are the only thing that is added to its requests.
const audits = serverAudits({
  url: () => service.url,
  fetchFn: (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});

test("the audit has 61 rules", () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    // A rule that is only wished for says `notice` or `warn`; here it holds, too.
    assert.equal(result.status, "ok", `${result.status}: ${result.reason}`);
  });
}
