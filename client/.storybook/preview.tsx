import "../src/app/jitless.ts";
import { ApolloClient, ApolloLink, InMemoryCache } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import Box from "@mui/material/Box";
import CssBaseline from "@mui/material/CssBaseline";
import { ThemeProvider } from "@mui/material/styles";
import type { Preview } from "@storybook/react-vite";
import { MemoryRouter } from "react-router";
import { NEVER, of } from "rxjs";
import { theme } from "../src/app/theme.ts";
import { ViewerProvider } from "../src/app/viewer.tsx";
import { UndoProvider } from "../src/components/UndoSnackbar.tsx";
import { KeysProvider } from "../src/keys/KeysProvider.tsx";

const shell = { viewer: { __typename: "Viewer", subject: "ann", role: "ADMIN", accounts: null } };

/** Client that answers each operation with the story's data; what has none goes on loading. */
function clientOf(data: Record<string, Record<string, unknown>>): ApolloClient {
  const answers: Record<string, Record<string, unknown>> = { Shell: shell, ...data };
  const link = new ApolloLink(({ operationName }) => {
    const answer = answers[operationName ?? ""];
    return answer === undefined ? NEVER : of({ data: answer });
  });
  return new ApolloClient({ link, cache: new InMemoryCache({ typePolicies: { Viewer: { keyFields: [] } } }) });
}

const preview: Preview = {
  parameters: { layout: "fullscreen" },
  decorators: [
    (Story, { parameters }) => (
      <ApolloProvider client={clientOf((parameters.data ?? {}) as Record<string, Record<string, unknown>>)}>
        <ThemeProvider theme={theme} defaultMode="system" noSsr>
          <CssBaseline enableColorScheme />
          <UndoProvider>
            <MemoryRouter>
              <ViewerProvider>
                <KeysProvider>
                  <Box component="main" sx={{ p: 2, color: "text.primary", bgcolor: "background.default" }}>
                    <Story />
                  </Box>
                </KeysProvider>
              </ViewerProvider>
            </MemoryRouter>
          </UndoProvider>
        </ThemeProvider>
      </ApolloProvider>
    ),
  ],
};

export default preview;
