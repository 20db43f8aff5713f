import type { Meta, StoryObj } from "@storybook/react-vite";
import { PageTabs } from "./PageTabs.tsx";

const meta: Meta<typeof PageTabs> = { title: "Components/PageTabs", component: PageTabs };
export default meta;

type Story = StoryObj<typeof PageTabs>;

export const Three: Story = {
  args: {
    label: "Ways to decide",
    tabs: [
      { to: "/a", label: "Suggestions", current: true },
      { to: "/b", label: "Patterns", current: false },
      { to: "/c", label: "One by one", current: false },
    ],
  },
};
