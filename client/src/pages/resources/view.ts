import type { ResourceFilter, ResourceOrder } from "../../gql/graphql.ts";
import { choice, flag, text, urlCodec } from "../../url/codec.ts";

/** View of the page of resources that its address holds. */
export const resourcesCodec = urlCodec({
  namePrefix: text,
  cloud: choice(["AWS", "AZURE", "GCP"]),
  accountId: text,
  resourceType: text,
  region: text,
  tagKey: text,
  lacksTagKey: text,
  retired: flag,
  order: choice(["ID", "NEWEST", "OLDEST"]),
});

export type ResourcesView = ReturnType<typeof resourcesCodec.decode>["view"];

/** Filter and order of the query. */
export function resourceQuery({ order, ...filter }: ResourcesView): { filter: ResourceFilter; order: ResourceOrder } {
  return { filter, order: order ?? "ID" };
}
