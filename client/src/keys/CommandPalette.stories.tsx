import type { Meta, StoryObj } from "@storybook/react-vite";
import CommandPalette from "./CommandPalette.tsx";

const meta: Meta<typeof CommandPalette> = { title: "Keys/CommandPalette", component: CommandPalette };
export default meta;

type Story = StoryObj<typeof CommandPalette>;

export const Open: Story = { args: { onClose: () => undefined } };
