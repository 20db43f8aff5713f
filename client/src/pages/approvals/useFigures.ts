import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { useLive } from "../../app/live.ts";
import { ApprovalFiguresDocument, type ApprovalFiguresQuery, LiveApprovalFiguresDocument } from "../../gql/graphql.ts";

export type ApprovalFigures = ApprovalFiguresQuery["approvalStats"];

const everything = {};

/** Figures of the whole queue, kept up to date; undefined until they are known. */
export function useFigures(): ApprovalFigures | undefined {
  const { data } = useQuery(ApprovalFiguresDocument, { fetchPolicy: "no-cache" });
  const [live, setLive] = useState<ApprovalFigures>();
  useLive(LiveApprovalFiguresDocument, everything, { next: (update) => setLive(update.approvalStats) });
  return live ?? data?.approvalStats;
}
