import type { Meta, StoryObj } from "@storybook/react-vite";
import { TextFilter } from "./TextFilter.tsx";

const meta: Meta<typeof TextFilter> = { title: "Components/TextFilter", component: TextFilter };
export default meta;

type Story = StoryObj<typeof TextFilter>;

export const WithValue: Story = {
  args: { field: { name: "key", label: "Key" }, value: "environment", onChange: () => undefined },
};
export const WithProposals: Story = {
  args: {
    field: {
      name: "key",
      label: "Key",
      facet: {
        key: "keys",
        load: () =>
          Promise.resolve({
            __typename: "FacetList",
            isEstimate: false,
            values: [{ __typename: "FacetValue", value: "owner", count: 12 }],
          }),
      },
    },
    value: "",
    onChange: () => undefined,
  },
};
