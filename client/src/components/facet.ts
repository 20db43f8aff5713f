import type { FacetPartsFragment } from "../gql/graphql.ts";

/** Values of a field with their numbers of rows, as the service counts them under the other filters. */
export interface FacetSource {
  /** Key of what is counted: another one means other numbers. */
  key: string;
  load: (prefix: string) => Promise<FacetPartsFragment | undefined>;
}

/** Value to choose in a filter. */
export interface FilterOption {
  value: string;
  label: string;
  /** Number of rows in words; "~" before an estimate. */
  count?: string;
}
