import type { Meta, StoryObj } from "@storybook/react-vite";
import { Page } from "./Page.tsx";
import Button from "@mui/material/Button";

const meta: Meta<typeof Page> = { title: "Components/Page", component: Page };
export default meta;

type Story = StoryObj<typeof Page>;

export const WithFigures: Story = {
  args: { title: "Resources", figures: "5,407 resources", actions: <Button>Add a resource</Button>, children: "Rows" },
};
