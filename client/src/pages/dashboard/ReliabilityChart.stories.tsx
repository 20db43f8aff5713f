import type { Meta, StoryObj } from "@storybook/react-vite";
import { ReliabilityChart } from "./ReliabilityChart.tsx";

const meta: Meta<typeof ReliabilityChart> = { title: "Dashboard/ReliabilityChart", component: ReliabilityChart };
export default meta;

type Story = StoryObj<typeof ReliabilityChart>;

export const FourBuckets: Story = {
  args: {
    points: [0.6, 0.7, 0.8, 0.9].map((from, index) => ({
      from,
      to: from + 0.1,
      decided: 40 + 100 * index,
      approved: Math.round((40 + 100 * index) * (from + 0.04)),
      meanConfidence: from + 0.05,
      observedRate: from + 0.04,
      lowerBound: from - 0.02,
      upperBound: Math.min(1, from + 0.09),
    })),
  },
};
