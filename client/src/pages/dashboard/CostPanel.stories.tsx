import type { Meta, StoryObj } from "@storybook/react-vite";
import CostPanel from "./CostPanel.tsx";

const meta: Meta<typeof CostPanel> = { title: "Dashboard/CostPanel", component: CostPanel };
export default meta;

type Story = StoryObj<typeof CostPanel>;

export const Unknown: Story = {
  args: { tagKey: undefined, currency: undefined, onChange: () => undefined, onReady: () => undefined },
  parameters: { data: { CostFigures: { costCoverage: [], unallocatedCost: [] } } },
};
