import type { Meta, StoryObj } from "@storybook/react-vite";
import { Panel } from "./Panel.tsx";

const meta: Meta<typeof Panel> = { title: "Components/Panel", component: Panel };
export default meta;

type Story = StoryObj<typeof Panel>;

export const WithHelp: Story = {
  args: { title: "Coverage", help: "Share of resources that have a valid value.", children: "86 %" },
};
