import type { Meta, StoryObj } from "@storybook/react-vite";
import ShortcutSheet from "./ShortcutSheet.tsx";

const meta: Meta<typeof ShortcutSheet> = { title: "Keys/ShortcutSheet", component: ShortcutSheet };
export default meta;

type Story = StoryObj<typeof ShortcutSheet>;

export const Open: Story = { args: { onClose: () => undefined } };
