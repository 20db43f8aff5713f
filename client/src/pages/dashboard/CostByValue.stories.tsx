import type { Meta, StoryObj } from "@storybook/react-vite";
import { CostByValue } from "./CostByValue.tsx";

const meta: Meta<typeof CostByValue> = { title: "Dashboard/CostByValue", component: CostByValue };
export default meta;

type Story = StoryObj<typeof CostByValue>;

const allocation = {
  __typename: "CostAllocation",
  month: "2024-09",
  currency: "USD",
  isComplete: true,
  total: "1599.75",
  allocated: "1500.50",
  untagged: "0.00",
  unallocated: "99.25",
  allocatedShare: 0.938,
  values: [
    { __typename: "AllocatedValue", value: "search", amount: "1200.50", resources: 3 },
    { __typename: "AllocatedValue", value: "payments", amount: "300.00", resources: 1 },
  ],
};

export const ByTeam: Story = {
  args: { tagKey: "team", currency: "USD" },
  parameters: { data: { CostByValue: { costAllocation: [allocation] } } },
};
