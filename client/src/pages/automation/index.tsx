import { Route, Routes } from "react-router";
import { Overview } from "./Overview.tsx";
import { RunPage } from "./RunPage.tsx";

/** Automation: schedules and runs, and one run. */
export default function Automation() {
  return (
    <Routes>
      <Route index element={<Overview />} />
      <Route path="runs/:id" element={<RunPage />} />
    </Routes>
  );
}
