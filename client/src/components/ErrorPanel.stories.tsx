import type { Meta, StoryObj } from "@storybook/react-vite";
import { ErrorPanel } from "./ErrorPanel.tsx";

const meta: Meta<typeof ErrorPanel> = { title: "Components/ErrorPanel", component: ErrorPanel };
export default meta;

type Story = StoryObj<typeof ErrorPanel>;

export const Fault: Story = { args: { error: new Error("The list could not be read.") } };
export const WithRetry: Story = { args: { error: new TypeError("Failed to fetch"), onRetry: () => undefined } };
