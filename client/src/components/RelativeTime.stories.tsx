import type { Meta, StoryObj } from "@storybook/react-vite";
import { RelativeTime } from "./RelativeTime.tsx";

const meta: Meta<typeof RelativeTime> = { title: "Components/RelativeTime", component: RelativeTime };
export default meta;

type Story = StoryObj<typeof RelativeTime>;

export const Past: Story = { args: { value: "2024-09-01T12:00:00Z" } };
export const Unknown: Story = { args: { value: null } };
