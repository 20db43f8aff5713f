import type { Meta, StoryObj } from "@storybook/react-vite";
import { CoverageTable } from "./CoverageTable.tsx";
import type { CoverageCell } from "./grid.ts";

const meta: Meta<typeof CoverageTable> = { title: "Dashboard/CoverageTable", component: CoverageTable };
export default meta;

type Story = StoryObj<typeof CoverageTable>;

const cell = (coveredShare: number): CoverageCell => ({
  __typename: "Coverage",
  tagKey: "owner",
  accountId: "111122223333",
  cloud: null,
  resourceType: null,
  resources: 200,
  coveredShare,
  native: 200 * coveredShare,
  approved: 0,
  pending: 0,
  contradicted: 0,
  suggested: 10,
  invalid: 0,
  missing: 190 - 200 * coveredShare,
});
const group = (name: string, owner: number, team: number) => ({
  name,
  resources: 200,
  cells: new Map([
    ["owner", cell(owner)],
    ["team", cell(team)],
  ]),
});
const args = {
  keys: ["owner", "team"],
  groups: [group("111122223333", 0.95, 0.4), group("shop-analytics", 0.1, 0)],
  by: "account" as const,
};

export const Shares: Story = { args: { ...args, show: "share" } };
export const Counts: Story = { args: { ...args, show: "counts" } };
