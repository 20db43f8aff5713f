import type { Meta, StoryObj } from "@storybook/react-vite";
import { UserErrors } from "./UserErrors.tsx";

const meta: Meta<typeof UserErrors> = { title: "Components/UserErrors", component: UserErrors };
export default meta;

type Story = StoryObj<typeof UserErrors>;

export const OfAField: Story = {
  args: { errors: [{ __typename: "UserError", code: "INVALID", field: "cron", message: "has seven fields" }] },
};
