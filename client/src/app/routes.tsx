import { lazy } from "react";
import { Route, Routes } from "react-router";
import { NotFound } from "./NotFound.tsx";
import { Shell } from "./Shell.tsx";

const Approvals = lazy(() => import("../pages/approvals/index.tsx"));
const Audit = lazy(() => import("../pages/audit/index.tsx"));
const Automation = lazy(() => import("../pages/automation/index.tsx"));
const Dashboard = lazy(() => import("../pages/dashboard/index.tsx"));
const Imports = lazy(() => import("../pages/imports/index.tsx"));
const Login = lazy(() => import("../pages/login/index.tsx"));
const Resource = lazy(() => import("../pages/resource/index.tsx"));
const Resources = lazy(() => import("../pages/resources/index.tsx"));
const Rules = lazy(() => import("../pages/rules/index.tsx"));
const Settings = lazy(() => import("../pages/settings/index.tsx"));

/** All pages. A page with views of its own takes `/*` and routes below itself. */
export function AppRoutes() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<Dashboard />} />
        <Route path="approvals/*" element={<Approvals />} />
        <Route path="resources" element={<Resources />} />
        <Route path="resources/:id" element={<Resource />} />
        <Route path="rules/*" element={<Rules />} />
        <Route path="automation/*" element={<Automation />} />
        <Route path="imports/*" element={<Imports />} />
        <Route path="dashboard" element={<Dashboard />} />
        <Route path="audit" element={<Audit />} />
        <Route path="settings/*" element={<Settings />} />
        <Route path="login/*" element={<Login />} />
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}
