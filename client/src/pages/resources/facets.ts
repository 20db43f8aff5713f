import { client } from "../../app/apollo.ts";
import type { FacetSource } from "../../components/facet.ts";
import { type ResourceFacet, ResourceFacetsDocument } from "../../gql/graphql.ts";
import type { ResourcesView } from "./view.ts";

/** Values of a field among the resources of the other filters that the service counts by. */
export function resourceFacet(field: ResourceFacet, view: ResourcesView): FacetSource {
  const { cloud, accountId, resourceType, retired } = view;
  const filter = { cloud, accountId, resourceType, retired };
  return {
    key: JSON.stringify([field, filter]),
    async load(prefix) {
      const variables = { field, filter, prefix: prefix === "" ? null : prefix };
      const { data } = await client.query({ query: ResourceFacetsDocument, variables, fetchPolicy: "no-cache" });
      return data?.resourceFacets;
    },
  };
}
