import type { Service } from "./service.ts";

interface Group {
  tagKey: string;
  tagValue: string;
  source: string;
  evidenceSignature: string;
}

/** Decides as two people have who know the company: whole groups, and single tags, of which some are wrong. */
export async function decideSome(service: Service): Promise<void> {
  const { approvalGroups } = await service.query<{ approvalGroups: { nodes: Group[] } }>(
    "{ approvalGroups(first: 40) { nodes { tagKey tagValue source evidenceSignature } } }",
  );
  for (const group of approvalGroups.nodes.filter((_group, index) => index % 4 === 3)) {
    await service.query(
      "mutation ($input: ApproveTagsInput!) { approveTags(input: $input) { decided } }",
      { input: { group } },
      { "X-Actor": "ada" },
    );
  }
  for (const order of ["CONFIDENCE_ASC", "CONFIDENCE_DESC", "NEWEST"]) {
    const { approvals } = await service.query<{ approvals: { nodes: { id: string }[] } }>(
      "query ($order: ApprovalOrder!) { approvals(first: 100, order: $order) { nodes { id } } }",
      { order },
    );
    const ids = approvals.nodes.map(({ id }) => id);
    const wrongEvery = order === "CONFIDENCE_ASC" ? 6 : 40;
    const wrong = ids.filter((_id, index) => index % wrongEvery === 2);
    await service.query(
      "mutation ($input: DenyTagsInput!) { denyTags(input: $input) { decided } }",
      { input: { ids: wrong, individually: true, reason: "Wrong value" } },
      { "X-Actor": "grace" },
    );
    await service.query(
      "mutation ($input: ApproveTagsInput!) { approveTags(input: $input) { decided } }",
      { input: { ids: ids.filter((id) => !wrong.includes(id)), individually: true } },
      { "X-Actor": "grace" },
    );
  }
}
