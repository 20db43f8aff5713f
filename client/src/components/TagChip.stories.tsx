import type { Meta, StoryObj } from "@storybook/react-vite";
import { TagChip } from "./TagChip.tsx";

const meta: Meta<typeof TagChip> = { title: "Components/TagChip", component: TagChip };
export default meta;

type Story = StoryObj<typeof TagChip>;

const tag = { tagKey: "environment", tagValue: "production" };
export const InEffect: Story = { args: tag };
export const Waiting: Story = { args: { ...tag, variant: "pending" } };
export const Denied: Story = { args: { ...tag, variant: "denied" } };
