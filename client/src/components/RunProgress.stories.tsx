import type { Meta, StoryObj } from "@storybook/react-vite";
import { RunProgress } from "./RunProgress.tsx";
import { storyRun } from "./storyRun.ts";

const meta: Meta<typeof RunProgress> = { title: "Components/RunProgress", component: RunProgress };
export default meta;

type Story = StoryObj<typeof RunProgress>;

export const Ended: Story = { args: { run: storyRun, label: "The file is imported" } };
export const Failed: Story = {
  args: {
    run: { ...storyRun, status: "FAILED", counts: [], error: "line 3: has no resource_id" },
    label: "The file is imported",
  },
};
