import { Component, type ReactNode } from "react";
import { ErrorPanel } from "../components/ErrorPanel.tsx";
import { Page } from "../components/Page.tsx";
import { t } from "./i18n.ts";

interface Props {
  /** Place whose change clears the error: another page is not at fault. */
  place: string;
  children: ReactNode;
}

/** Catches what a page throws, so that the shell stays usable. */
export class ErrorBoundary extends Component<Props, { error: unknown; failed: boolean }> {
  override state = { error: undefined as unknown, failed: false };

  static getDerivedStateFromError(error: unknown) {
    return { error, failed: true };
  }

  override componentDidUpdate(before: Props) {
    if (before.place !== this.props.place && this.state.failed) this.setState({ error: undefined, failed: false });
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Page title={t("common.error.page")}>
        <ErrorPanel error={this.state.error} onRetry={() => this.setState({ error: undefined, failed: false })} />
      </Page>
    );
  }
}
