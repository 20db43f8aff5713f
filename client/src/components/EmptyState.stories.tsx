import type { Meta, StoryObj } from "@storybook/react-vite";
import { EmptyState } from "./EmptyState.tsx";
import Button from "@mui/material/Button";

const meta: Meta<typeof EmptyState> = { title: "Components/EmptyState", component: EmptyState };
export default meta;

type Story = StoryObj<typeof EmptyState>;

export const WithNextStep: Story = {
  args: {
    title: "There are no resources yet",
    description: "Import an inventory, or run a discovery.",
    action: <Button variant="contained">Import an inventory</Button>,
  },
};
export const TitleAlone: Story = { args: { title: "Nothing matches the filters" } };
