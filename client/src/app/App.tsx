import { ApolloProvider } from "@apollo/client/react";
import CssBaseline from "@mui/material/CssBaseline";
import { ThemeProvider } from "@mui/material/styles";
import { BrowserRouter } from "react-router";
import { UndoProvider } from "../components/UndoSnackbar.tsx";
import { client } from "./apollo.ts";
import { AppRoutes } from "./routes.tsx";
import { theme } from "./theme.ts";

export function App() {
  return (
    <ApolloProvider client={client}>
      <ThemeProvider theme={theme} defaultMode="system" noSsr>
        <CssBaseline enableColorScheme />
        <UndoProvider>
          <BrowserRouter>
            <AppRoutes />
          </BrowserRouter>
        </UndoProvider>
      </ThemeProvider>
    </ApolloProvider>
  );
}
