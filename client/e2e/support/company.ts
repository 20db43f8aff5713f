import type { InventoryLine } from "./inventory.ts";

/** Generator of numbers from 0 to 1, the same on every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const teams = [
  { name: "payments", owner: "ada@example.com", applications: ["ledger", "invoices", "fraud"] },
  { name: "search", owner: "linus@example.com", applications: ["indexer", "ranking"] },
  { name: "logistics", owner: "grace@example.com", applications: ["routes", "warehouse", "labels"] },
  { name: "identity", owner: "barbara@example.com", applications: ["login", "consent"] },
  { name: "insights", owner: "edsger@example.com", applications: ["reports", "events", "forecast"] },
];
const stages = [
  { word: "prod", spellings: ["production", "prod", "PRD"] },
  { word: "stg", spellings: ["staging", "stage"] },
  { word: "dev", spellings: ["development", "dev"] },
];
const kinds = [
  { cloud: "aws", region: "eu-central-1", type: "ec2/instance", word: "vm" },
  { cloud: "aws", region: "eu-west-1", type: "s3/bucket", word: "files" },
  { cloud: "aws", region: "eu-central-1", type: "rds/db", word: "db" },
  { cloud: "azure", region: "westeurope", type: "microsoft.compute/virtualmachines", word: "vm" },
  { cloud: "azure", region: "westeurope", type: "microsoft.storage/storageaccounts", word: "store" },
  { cloud: "gcp", region: "europe-west3", type: "storage.googleapis.com/Bucket", word: "data" },
  { cloud: "gcp", region: "europe-west3", type: "compute.googleapis.com/Instance", word: "node" },
] as const;
const accounts = {
  aws: ["111122223333", "444455556666", "777788889999"],
  azure: ["5d2c7a10-6f1e-4b7c-9a53-0c1d2e3f4a5b", "9b1e44c2-2f6d-4d3a-8b7e-6a5f4e3d2c1b"],
  gcp: ["shop-analytics", "shop-platform"],
} as const;

/** Invented company whose teams tag a part of what they have, in several spellings. */
export function company(size: number): InventoryLine[] {
  const next = numbers(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  return [...Array(size).keys()].map((number) => {
    const team = pick(teams);
    const application = pick(team.applications);
    const stage = pick(stages);
    const { cloud, region, type, word } = pick(kinds);
    const account = pick(accounts[cloud]);
    // Some names tell nothing, some not the stage; and some tags are old.
    const parts = next() < 0.12 ? [word, "tmp"] : next() < 0.2 ? [application, word] : [application, stage.word, word];
    const name = [...parts, number].join("-");
    const owner = next() < 0.85 ? team.owner : pick(teams).owner;
    const tags: Record<string, string> = {};
    if (next() < 0.45) tags[pick(["Environment", "env", "stage"])] = pick(stage.spellings);
    if (next() < 0.6) tags.Owner = owner;
    if (next() < 0.4) tags[pick(["Team", "team"])] = team.name;
    if (next() < 0.25) tags.Application = application;
    return {
      cloud,
      account_id: account,
      region,
      resource_type: type,
      resource_id: `${cloud}:${account}:${type}:${name}`,
      name,
      native_tags: tags,
    };
  });
}
