import type { Meta, StoryObj } from "@storybook/react-vite";
import { Loading } from "./Loading.tsx";

const meta: Meta<typeof Loading> = { title: "Components/Loading", component: Loading };
export default meta;

type Story = StoryObj<typeof Loading>;

export const InPlace: Story = {};
export const OverThePage: Story = { args: { overlay: true } };
