import type { Meta, StoryObj } from "@storybook/react-vite";
import { DataTable } from "./DataTable.tsx";

const meta: Meta<typeof DataTable> = { title: "Components/DataTable", component: DataTable };
export default meta;

type Story = StoryObj<typeof DataTable>;

export const Figures: Story = {
  args: {
    label: "Cost by team",
    head: ["Team", "Amount"],
    rows: [
      { id: "search", cells: ["search", "$1,201"] },
      { id: "payments", cells: ["payments", "$300.00"] },
    ],
  },
};
