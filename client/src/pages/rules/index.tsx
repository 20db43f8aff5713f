import { Route, Routes } from "react-router";
import { RuleList } from "./RuleList.tsx";
import { NewRulePage, RulePage } from "./RulePage.tsx";

/** Rules: the list, a new one, and one of them. */
export default function Rules() {
  return (
    <Routes>
      <Route index element={<RuleList />} />
      <Route path="new" element={<NewRulePage />} />
      <Route path=":id" element={<RulePage />} />
    </Routes>
  );
}
