import type { RunPartsFragment } from "../gql/graphql.ts";

/** Run of an import as stories show it. */
export const storyRun: RunPartsFragment = {
  __typename: "JobRun",
  id: "run-1",
  jobName: "IMPORT",
  status: "SUCCEEDED",
  attempt: 1,
  maxAttempts: 5,
  progressDone: 1_200,
  progressTotal: 1_200,
  rate: 400,
  estimatedEndAt: null,
  createdAt: "2024-09-01T12:00:00Z",
  runAt: "2024-09-01T12:00:00Z",
  startedAt: "2024-09-01T12:00:01Z",
  finishedAt: "2024-09-01T12:00:04Z",
  heartbeatAt: "2024-09-01T12:00:04Z",
  requestedBy: "ann",
  worker: "worker-1",
  error: null,
  source: null,
  dryRun: false,
  decision: null,
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  scheduledFor: null,
  helps: null,
  counts: [
    { __typename: "RunCount", name: "inserted", count: 1_180 },
    { __typename: "RunCount", name: "rejected", count: 20 },
  ],
};
