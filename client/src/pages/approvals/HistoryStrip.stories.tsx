import type { Meta, StoryObj } from "@storybook/react-vite";
import { HistoryStrip } from "./HistoryStrip.tsx";

const meta: Meta<typeof HistoryStrip> = { title: "Approvals/HistoryStrip", component: HistoryStrip };
export default meta;

type Story = StoryObj<typeof HistoryStrip>;

const entry = { label: "environment=production", count: 12, refusals: [], onUndo: () => undefined };

export const Empty: Story = { args: { entries: [] } };
export const Decisions: Story = {
  args: {
    entries: [
      { ...entry, id: "1", verb: "APPROVE" },
      { ...entry, id: "2", verb: "DENY", count: 1, refusals: ["ann was first"] },
    ],
  },
};
