// The pages beside the queue: dashboard, one resource, the audit trail, rules, and what is live.
import { graphql } from "../generated/gql/index.js";
import type { Client } from "./queue.js";

const Overview = graphql(`
  query Overview {
    viewer {
      subject
      role
      accounts
    }
    dashboard {
      openRuns
      resourcesByCloud {
        cloud
        resources
        tagged
      }
      tagsByStatus {
        status
        count
      }
      lastRuns {
        id
        jobName
        status
        finishedAt
      }
      approvals {
        pending
        decidedLastDay
      }
    }
  }
`);

const ResourcePage = graphql(`
  query ResourcePage($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Resource {
        name
        nativeTags
        effectiveTags {
          key
          value
        }
        virtualTags(first: 20) {
          nodes {
            id
            tagKey
            tagValue
            approvalStatus
          }
        }
        audit(first: 20) {
          nodes {
            id
            action
            actor
            timestamp
          }
        }
      }
    }
  }
`);

const Rules = graphql(`
  query Rules {
    rules(first: 100) {
      nodes {
        id
        ruleName
        condition
        tagKey
        tagValue
        priority
        enabled
      }
    }
  }
`);

const Discover = graphql(`
  mutation Discover {
    runAutoTagging {
      run {
        id
        status
      }
      userErrors {
        code
        message
      }
    }
  }
`);

const RunProgress = graphql(`
  subscription RunProgress($runId: ID!) {
    jobProgress(runId: $runId) {
      id
      status
      progressDone
      progressTotal
      estimatedEndAt
      error
    }
  }
`);

const Live = graphql(`
  subscription Live($after: String, $filter: ApprovalFilter) {
    approvalEvents(after: $after, filter: $filter) {
      cursor
      events {
        cursor
        change {
          id
          action
          actor
          tagKey
          newValue
          virtualTag {
            id
            approvalStatus
          }
        }
      }
    }
  }
`);

const LiveStats = graphql(`
  subscription LiveStats {
    approvalStats {
      pending
      suggestions
      autoApplied
    }
  }
`);

/** What the first page shows. */
export async function overview(client: Client) {
  const { data } = await client.query({ query: Overview, fetchPolicy: "network-only" });
  const resources = data.dashboard.resourcesByCloud.reduce((sum, cloud) => sum + cloud.resources, 0);
  return { who: data.viewer.subject, resources, pending: data.dashboard.approvals.pending };
}

/** The tags of a resource; null when there is none for the caller, or the id is another thing's. */
export async function resourceTags(client: Client, id: string) {
  const { data } = await client.query({ query: ResourcePage, variables: { id } });
  if (data.node?.__typename !== "Resource") return null;
  return data.node.virtualTags.nodes.map((tag) => tag.tagKey);
}

/** The names of the rules. */
export async function ruleNames(client: Client) {
  const { data } = await client.query({ query: Rules });
  return data.rules.nodes.map((rule) => rule.ruleName);
}

/** Starts auto-tagging, and follows it to its end. */
export async function runToItsEnd(client: Client) {
  const { data } = await client.mutate({ mutation: Discover });
  const run = data?.runAutoTagging.run;
  if (!run) throw new Error(data?.runAutoTagging.userErrors[0]?.message ?? "there is no answer");
  return new Promise<string>((resolve, reject) => {
    let last = "";
    client.subscribe({ query: RunProgress, variables: { runId: run.id } }).subscribe({
      next: ({ data }) => (last = data?.jobProgress.status ?? last),
      error: reject,
      complete: () => resolve(last),
    });
  });
}

/** Calls back with each action on a tag, and for each change of the figures. */
export function live(client: Client, onAction: (action: string) => void, onPending: (pending: number) => void) {
  const events = client.subscribe({ query: Live, variables: {} }).subscribe(({ data }) => {
    for (const event of data?.approvalEvents.events ?? []) onAction(event.change.action);
  });
  const figures = client.subscribe({ query: LiveStats }).subscribe(({ data }) => {
    if (data) onPending(data.approvalStats.pending);
  });
  return () => {
    events.unsubscribe();
    figures.unsubscribe();
  };
}
