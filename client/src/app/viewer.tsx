import { useQuery } from "@apollo/client/react";
import { createContext, type ReactNode, useContext } from "react";
import { type Role, ShellDocument } from "../gql/graphql.ts";

/** Caller as the service knows it, and what the caller may do. */
export interface ViewerRights {
  subject: string;
  role: Role | null;
  accounts: readonly string[] | null;
  canDecide: boolean;
  canAdminister: boolean;
}

const nobody: ViewerRights = { subject: "", role: null, accounts: null, canDecide: false, canAdminister: false };
const ViewerContext = createContext<ViewerRights>(nobody);

export function ViewerProvider({ children }: { children: ReactNode }) {
  const { data } = useQuery(ShellDocument);
  const viewer = data?.viewer;
  const rights = viewer
    ? {
        subject: viewer.subject,
        role: viewer.role,
        accounts: viewer.accounts ?? null,
        canDecide: viewer.role !== "VIEWER",
        canAdminister: viewer.role === "ADMIN",
      }
    : nobody;
  return <ViewerContext value={rights}>{children}</ViewerContext>;
}

/** Rights of the caller; controls that the service would refuse are not shown. */
export function useViewer(): ViewerRights {
  return useContext(ViewerContext);
}
