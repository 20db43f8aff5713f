import type { Meta, StoryObj } from "@storybook/react-vite";
import { FilterBar } from "./FilterBar.tsx";

const meta: Meta<typeof FilterBar> = { title: "Components/FilterBar", component: FilterBar };
export default meta;

type Story = StoryObj<typeof FilterBar>;

export const Queue: Story = {
  args: {
    fields: [
      { name: "key", label: "Key" },
      { name: "cloud", label: "Cloud", options: ["AWS", "AZURE", "GCP"].map((value) => ({ value, label: value })) },
    ],
    view: { cloud: "AWS" },
    dropped: [],
    onChange: () => undefined,
  },
};
export const WithDroppedValues: Story = {
  args: { ...Queue.args, fields: [], view: {}, dropped: ["confidence"], onChange: () => undefined },
};
