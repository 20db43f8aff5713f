import type { Meta, StoryObj } from "@storybook/react-vite";
import { storyRun } from "../../components/storyRun.ts";
import { Timeline } from "./Timeline.tsx";

const meta: Meta<typeof Timeline> = { title: "Automation/Timeline", component: Timeline };
export default meta;

type Story = StoryObj<typeof Timeline>;

export const Ended: Story = { args: { run: storyRun } };
export const TriedTwice: Story = { args: { run: { ...storyRun, attempt: 2 } } };
