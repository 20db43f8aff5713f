import type { Meta, StoryObj } from "@storybook/react-vite";
import { ConfirmDialog } from "./ConfirmDialog.tsx";

const meta: Meta<typeof ConfirmDialog> = {
  title: "Components/ConfirmDialog",
  component: ConfirmDialog,
  args: { onConfirm: () => undefined, onClose: () => undefined },
};
export default meta;

type Story = StoryObj<typeof ConfirmDialog>;

export const Question: Story = {
  args: {
    open: true,
    title: "Revoke nightly export?",
    verb: "Revoke",
    danger: true,
    children: "This cannot be taken back.",
  },
};
