import type { Meta, StoryObj } from "@storybook/react-vite";
import ConfirmQuestion from "./ConfirmQuestion.tsx";

const meta: Meta<typeof ConfirmQuestion> = {
  title: "Components/ConfirmQuestion",
  component: ConfirmQuestion,
  args: { onConfirm: () => undefined, onClose: () => undefined },
};
export default meta;

type Story = StoryObj<typeof ConfirmQuestion>;

export const TypedNumber: Story = {
  args: { open: true, title: "environment=production", verb: "Approve 12,345 tags", typeToConfirm: "12,345" },
};
