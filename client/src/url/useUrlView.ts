import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { UrlCodec, UrlFields, View } from "./codec.ts";

/** View of the page that the address holds, and its change. `replace` while typing, so that Back leaves the page. */
export function useUrlView<F extends UrlFields>(codec: UrlCodec<F>) {
  const [params, setParams] = useSearchParams();
  const search = params.toString();
  const { view, dropped } = useMemo(() => codec.decode(new URLSearchParams(search)), [codec, search]);
  const setView = useCallback(
    (change: View<F> | ((view: View<F>) => View<F>), options: { replace?: boolean } = {}) => {
      setParams((before) => {
        const next = typeof change === "function" ? change(codec.decode(before).view) : change;
        const encoded = codec.encode(next);
        for (const [name, value] of before) {
          if (!codec.names.includes(name)) encoded.append(name, value);
        }
        return encoded;
      }, options);
    },
    [codec, setParams],
  );
  return { view, dropped, setView };
}
