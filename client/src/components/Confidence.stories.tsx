import type { Meta, StoryObj } from "@storybook/react-vite";
import { Confidence } from "./Confidence.tsx";

const meta: Meta<typeof Confidence> = { title: "Components/Confidence", component: Confidence };
export default meta;

type Story = StoryObj<typeof Confidence>;

export const Sure: Story = { args: { value: 0.97 } };
export const ToReview: Story = { args: { value: 0.81 } };
export const Unsure: Story = { args: { value: 0.42 } };
export const Compact: Story = { args: { value: 0.97, compact: true } };
