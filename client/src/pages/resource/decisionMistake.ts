import type { UserErrorPartsFragment } from "../../gql/graphql.ts";

interface DecisionPayload {
  userErrors: readonly UserErrorPartsFragment[];
  results: readonly { userError?: UserErrorPartsFragment | null }[];
}

/** Mistakes of a decision on one tag, be they of the call or of the tag. */
export const decisionMistake = ({ userErrors, results }: DecisionPayload) => ({
  userErrors: [...userErrors, ...results.flatMap(({ userError }) => (userError ? [userError] : []))],
});
