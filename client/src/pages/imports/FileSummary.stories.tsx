import type { Meta, StoryObj } from "@storybook/react-vite";
import { FileSummary } from "./FileSummary.tsx";

const meta: Meta<typeof FileSummary> = { title: "Import/FileSummary", component: FileSummary };
export default meta;

type Story = StoryObj<typeof FileSummary>;

const summary = {
  format: "AWS_TAGGING_API" as const,
  mapping: [{ __typename: "ImportFieldSource" as const, field: "resource_id", source: "ResourceARN" }],
  accounts: [{ __typename: "ImportAccount" as const, accountId: "111122223333", resources: 42 }],
};

export const Incomplete: Story = {
  args: { summary: { ...summary, complete: false, incompleteReasons: ["it lists only what has or had tags"] } },
};
export const Complete: Story = { args: { summary: { ...summary, complete: true, incompleteReasons: [] } } };
