import type { Meta, StoryObj } from "@storybook/react-vite";
import Button from "@mui/material/Button";
import { UndoProvider as UndoSnackbar, useNotify } from "./UndoSnackbar.tsx";

const meta: Meta<typeof UndoSnackbar> = { title: "Components/UndoSnackbar", component: UndoSnackbar };
export default meta;

type Story = StoryObj<typeof UndoSnackbar>;

function Decide() {
  const notify = useNotify();
  return (
    <Button onClick={() => notify({ message: "Approved 12 tags.", undo: () => undefined })}>Approve 12 tags</Button>
  );
}

export const WithUndo: Story = { args: { children: <Decide /> } };
