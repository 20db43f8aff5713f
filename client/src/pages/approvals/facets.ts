import { client } from "../../app/apollo.ts";
import type { FacetSource } from "../../components/facet.ts";
import { type ApprovalFacet, ApprovalFacetsDocument, type ApprovalFilter } from "../../gql/graphql.ts";

/** Values of a field among the tags that the other filters select. */
export function approvalFacet(field: ApprovalFacet, filter: ApprovalFilter | undefined): FacetSource {
  return {
    key: JSON.stringify([field, filter]),
    async load(prefix) {
      const variables = { field, filter, prefix: prefix === "" ? null : prefix };
      const { data } = await client.query({ query: ApprovalFacetsDocument, variables, fetchPolicy: "no-cache" });
      return data?.approvalFacets;
    },
  };
}
