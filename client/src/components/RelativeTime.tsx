import { useEffect, useState } from "react";
import { formatMoment, formatRelative } from "../app/format.ts";

/** Time in words, renewed each half minute; the exact time is its title. */
export function RelativeTime({ value }: { value: string | null | undefined }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  if (!value) return <>–</>;
  return (
    <time dateTime={value} title={formatMoment(value)}>
      {formatRelative(value, now)}
    </time>
  );
}
