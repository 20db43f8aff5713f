import Alert from "@mui/material/Alert";
import { useEffect, useState } from "react";
import { useConnectionState } from "./connection.ts";
import { formatMoment } from "./format.ts";
import { t } from "./i18n.ts";

/** Banner that appears when the connection has been lost for 2 seconds. */
export function ConnectionBanner() {
  const { phase, since } = useConnectionState();
  const lost = phase === "reconnecting" || phase === "offline";
  const [shownFor, setShownFor] = useState(0);
  useEffect(() => {
    if (!lost) return;
    const timer = setTimeout(() => setShownFor(since), 2_000);
    return () => clearTimeout(timer);
  }, [lost, since]);
  return (
    <div role="status">
      {lost && shownFor === since && (
        <Alert severity="warning" square>
          {t("common.connection.banner", { time: formatMoment(since) })}
        </Alert>
      )}
    </div>
  );
}
