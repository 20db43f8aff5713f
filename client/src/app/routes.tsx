import { lazy } from "react";
import { Route, Routes } from "react-router";
import { NotFound } from "./NotFound.tsx";
import { Shell } from "./Shell.tsx";

/** Loaders of the pages, by the first part of their addresses. */
const loaders = {
  approvals: () => import("../pages/approvals/index.tsx"),
  audit: () => import("../pages/audit/index.tsx"),
  automation: () => import("../pages/automation/index.tsx"),
  dashboard: () => import("../pages/dashboard/index.tsx"),
  imports: () => import("../pages/imports/index.tsx"),
  login: () => import("../pages/login/index.tsx"),
  resource: () => import("../pages/resource/index.tsx"),
  resources: () => import("../pages/resources/index.tsx"),
  rules: () => import("../pages/rules/index.tsx"),
  settings: () => import("../pages/settings/index.tsx"),
};

const Approvals = lazy(loaders.approvals);
const Audit = lazy(loaders.audit);
const Automation = lazy(loaders.automation);
const Dashboard = lazy(loaders.dashboard);
const Imports = lazy(loaders.imports);
const Login = lazy(loaders.login);
const Resource = lazy(loaders.resource);
const Resources = lazy(loaders.resources);
const Rules = lazy(loaders.rules);
const Settings = lazy(loaders.settings);

/** Begins to load the page of an address, while the configuration is still on its way. */
export function preloadPage(pathname: string): void {
  const [, first = "", second] = pathname.split("/");
  const name = first === "" ? "dashboard" : first === "resources" && second ? "resource" : first;
  if (name in loaders) void loaders[name as keyof typeof loaders]().catch(() => undefined);
}

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
