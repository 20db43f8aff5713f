import type { Meta, StoryObj } from "@storybook/react-vite";
import { TextInput } from "./TextInput.tsx";

const meta: Meta<typeof TextInput> = { title: "Components/TextInput", component: TextInput };
export default meta;

type Story = StoryObj<typeof TextInput>;

export const WithHelp: Story = { args: { label: "Account", helperText: "As the cloud names it" } };
export const Mistaken: Story = { args: { label: "Account", error: true, helperText: "is missing" } };
