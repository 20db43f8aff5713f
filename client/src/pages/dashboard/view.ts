import { choice, text, urlCodec } from "../../url/codec.ts";

/** View of the dashboard in the address. */
export const dashboardCodec = urlCodec({
  by: choice(["account", "cloud", "type"]),
  show: choice(["share", "counts"]),
  key: text,
  decisions: choice(["overall", "single", "bulk", "audited"]),
  reliability: choice(["chart", "table"]),
  costKey: text,
  currency: text,
  trend: choice(["chart", "table"]),
});
