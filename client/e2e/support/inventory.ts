/** Resource of the inventory that the tests import. */
export interface InventoryLine {
  cloud: "aws" | "azure" | "gcp";
  account_id: string;
  region: string;
  resource_type: string;
  resource_id: string;
  name: string;
  native_tags: Record<string, string>;
}

const teams = ["checkout", "search", "billing", "identity"];
const stages = ["prod", "staging", "dev"];
const kinds = [
  ["aws", "111122223333", "eu-central-1", "rds/db"],
  ["aws", "444455556666", "eu-west-1", "s3/bucket"],
  ["azure", "5d2c7a10-6f1e-4b7c-9a53-0c1d2e3f4a5b", "westeurope", "microsoft.compute/virtualmachines"],
  ["gcp", "shop-analytics", "europe-west3", "storage.googleapis.com/Bucket"],
] as const;

/** Invented company with partly tagged resources, the same on every run. */
export function inventory(): InventoryLine[] {
  const lines: InventoryLine[] = [];
  for (const [cloud, account, region, type] of kinds) {
    for (const team of teams) {
      for (const stage of stages) {
        for (let number = 1; number <= 6; number++) {
          const name = `${team}-${stage}-${type.split("/")[1]?.toLowerCase()}-${number}`;
          lines.push({
            cloud,
            account_id: account,
            region,
            resource_type: type,
            resource_id: `${cloud}:${account}:${type}:${name}`,
            name,
            native_tags: number <= 2 ? { Environment: stage, Team: team } : number === 3 ? { Team: team } : {},
          });
        }
      }
    }
  }
  // A name that would run if any page wrote it as HTML.
  const first = lines[0];
  if (first)
    lines.push({ ...first, name: "<img src=x onerror=alert(1)>-prod", resource_id: "aws:markup", native_tags: {} });
  return lines;
}
