import type { Meta, StoryObj } from "@storybook/react-vite";
import { KeyMapEditor } from "./KeyMapEditor.tsx";

const meta: Meta<typeof KeyMapEditor> = { title: "Keys/KeyMapEditor", component: KeyMapEditor };
export default meta;

type Story = StoryObj<typeof KeyMapEditor>;

export const Scope: Story = {
  args: {
    scope: {
      name: "queue",
      title: "One by one",
      bindings: [{ id: "approve", keys: "a", label: "Approve", run: () => undefined }],
    },
  },
};
