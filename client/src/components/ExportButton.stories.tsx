import type { Meta, StoryObj } from "@storybook/react-vite";
import { ExportButton } from "./ExportButton.tsx";

const meta: Meta<typeof ExportButton> = { title: "Components/ExportButton", component: ExportButton };
export default meta;

type Story = StoryObj<typeof ExportButton>;

export const Csv: Story = { args: { label: "Export CSV", input: { kind: "RESOURCES" } } };
