import type { Meta, StoryObj } from "@storybook/react-vite";
import { Choice } from "./Choice.tsx";

const meta: Meta<typeof Choice> = { title: "Components/Choice", component: Choice };
export default meta;

type Story = StoryObj<typeof Choice>;

export const OfThree: Story = {
  args: {
    label: "Rows",
    value: "clouds",
    options: ["accounts", "clouds", "types"].map((value) => ({ value, label: value })),
    onChange: () => undefined,
  },
};
