import type { Meta, StoryObj } from "@storybook/react-vite";
import { KeyCaps } from "./KeyCaps.tsx";

const meta: Meta<typeof KeyCaps> = { title: "Keys/KeyCaps", component: KeyCaps };
export default meta;

type Story = StoryObj<typeof KeyCaps>;

export const One: Story = { args: { keys: "a" } };
export const Sequence: Story = { args: { keys: "g d" } };
