// The page with the approval queue: list, groups, figures, decisions.
import type { ApolloClient, NormalizedCacheObject } from "@apollo/client/core/index.js";
import { graphql, readFragment } from "../generated/gql/index.js";
import type { ApprovalFilter, ApprovalOrder } from "../generated/gql/graphql.js";

export type Client = ApolloClient<NormalizedCacheObject>;

export const QueueTag = graphql(`
  fragment QueueTag on VirtualTag {
    id
    tagKey
    tagValue
    source
    kind
    confidence
    evidence { reason signals { source reason } alternatives { value lostBecause } }
    approvalStatus
    createdAt
    resource {
      id
      name
      cloud
      accountId
      resourceType
      region
    }
  }
`);

const QueuePage = graphql(`
  query QueuePage($first: Int!, $after: String, $filter: ApprovalFilter, $order: ApprovalOrder!) {
    approvals(first: $first, after: $after, filter: $filter, order: $order) {
      totalCount
      totalCountIsEstimate
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          ...QueueTag
        }
      }
    }
    approvalStats(filter: $filter) {
      pending
      suggestions
      autoApplied
      oldest
      byKey {
        tagKey
        count
      }
    }
  }
`);

const Groups = graphql(`
  query Groups($first: Int!, $filter: ApprovalFilter) {
    approvalGroups(first: $first, filter: $filter) {
      totalCount
      nodes {
        tagKey
        tagValue
        source
        evidenceSignature
        count
        minConfidence
        maxConfidence
        oldest
      }
    }
  }
`);

const Approve = graphql(`
  mutation Approve($input: ApproveTagsInput!) {
    approveTags(input: $input) {
      decided
      refused
      results {
        id
        outcome
        tag {
          id
          approvalStatus
          decidedBy
          decidedAt
        }
        userError {
          code
          message
        }
      }
      run {
        id
        status
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`);

const Deny = graphql(`
  mutation Deny($input: DenyTagsInput!) {
    denyTags(input: $input) {
      decided
      run {
        id
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`);

const Undo = graphql(`
  mutation Undo($input: UndoDecisionsInput!) {
    undoDecisions(input: $input) {
      decided
      userErrors {
        code
        message
      }
    }
  }
`);

/** One page of the queue: its rows as they are shown, and where the next page begins. */
export async function queuePage(
  client: Client,
  first: number,
  after: string | null,
  filter: ApprovalFilter | null,
  order: ApprovalOrder,
) {
  const { data } = await client.query({ query: QueuePage, variables: { first, after, filter, order } });
  const rows = data.approvals.edges.map(({ node }) => {
    const tag = readFragment(QueueTag, node);
    const since: string = tag.createdAt;
    return { id: node.id, text: `${tag.tagKey}=${tag.tagValue}`, where: tag.resource?.name ?? "", since };
  });
  const { hasNextPage, endCursor } = data.approvals.pageInfo;
  return { rows, next: hasNextPage ? endCursor : null, pending: data.approvalStats.pending };
}

/** The largest groups of the queue. */
export async function groups(client: Client, first: number) {
  const { data } = await client.query({ query: Groups, variables: { first }, fetchPolicy: "network-only" });
  return data.approvalGroups.nodes;
}

/** Approves tags; gives what the caller did wrong, or how many were decided. */
export async function approve(client: Client, ids: string[], reason: string) {
  const { data } = await client.mutate({ mutation: Approve, variables: { input: { ids, reason } } });
  if (!data) throw new Error("there is no answer");
  const [wrong] = data.approveTags.userErrors;
  return wrong ? `${wrong.code}: ${wrong.message}` : data.approveTags.decided;
}

/** Denies a group of the queue as a whole. */
export async function denyGroup(client: Client, group: Awaited<ReturnType<typeof groups>>[number]) {
  const { tagKey, tagValue, source, evidenceSignature } = group;
  const input = { group: { tagKey, tagValue, source, evidenceSignature } };
  const { data } = await client.mutate({ mutation: Deny, variables: { input } });
  return data?.denyTags.decided ?? 0;
}

/** Takes decisions back. */
export async function undo(client: Client, ids: string[]) {
  const { data } = await client.mutate({ mutation: Undo, variables: { input: { ids } } });
  return data?.undoDecisions.decided ?? 0;
}
