import type { Meta, StoryObj } from "@storybook/react-vite";
import { ConnectionTable, type TableColumn } from "./ConnectionTable.tsx";

const meta: Meta<typeof ConnectionTable> = { title: "Components/ConnectionTable", component: ConnectionTable };
export default meta;

type Story = StoryObj<typeof ConnectionTable>;

const list = { total: 2, totalIsEstimate: false, hasMore: false, loading: false, loadingMore: false, error: undefined };
const actions = { loadMore: () => undefined, reload: () => undefined };
const columns: TableColumn<unknown>[] = [{ id: "name", header: "Name", width: "1fr", cell: (row) => String(row) }];

export const Rows: Story = {
  args: {
    label: "Resources",
    list: { ...list, ...actions, rows: ["orders-prod", "orders-dev"] },
    columns,
    rowId: String,
  },
};
export const Empty: Story = {
  args: { label: "Resources", list: { ...list, ...actions, rows: [], total: 0 }, columns, rowId: String },
};
