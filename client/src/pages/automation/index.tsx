import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { Loading } from "../../components/Loading.tsx";
import { Overview } from "./Overview.tsx";

const RunPage = lazy(() => import("./RunPage.tsx"));

/** Automation: schedules and runs, and one run. */
export default function Automation() {
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route index element={<Overview />} />
        <Route path="runs/:id" element={<RunPage />} />
      </Routes>
    </Suspense>
  );
}
