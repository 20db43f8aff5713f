import { Suspense, useState } from "react";
import { later } from "../app/later.ts";
import type { ConfirmQuestionProps } from "./ConfirmQuestion.tsx";
import { Loading } from "./Loading.tsx";

const ConfirmQuestion = later(() => import("./ConfirmQuestion.tsx"));

/** Question before what cannot be undone, or concerns very many objects. The button says what happens. */
export function ConfirmDialog(props: ConfirmQuestionProps) {
  const [asked, setAsked] = useState(props.open);
  if (props.open && !asked) setAsked(true);
  return asked ? (
    <Suspense fallback={<Loading overlay />}>
      <ConfirmQuestion {...props} />
    </Suspense>
  ) : null;
}
