import type { Meta, StoryObj } from "@storybook/react-vite";
import { AccountName } from "./AccountName.tsx";

const meta: Meta<typeof AccountName> = { title: "Components/AccountName", component: AccountName };
export default meta;

type Story = StoryObj<typeof AccountName>;

export const WithCloud: Story = { args: { cloud: "AWS", accountId: "111122223333" } };
export const Alone: Story = { args: { accountId: "shop-analytics" } };
