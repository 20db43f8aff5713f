import { axe, expect, loaded, test } from "./support/test.ts";

test("a schedule is paused, resumed and edited; a wrong cron expression is refused with the reason", async ({
  page,
}) => {
  await page.goto("/automation");
  await loaded(page);
  await page.getByRole("button", { name: "Pause: Training" }).click();
  await expect(page.getByText("Training is paused")).toBeVisible();
  await page.getByRole("button", { name: "Resume: Training" }).click();
  await expect(page.getByText("Training is resumed")).toBeVisible();
  await page.getByRole("button", { name: "Edit: Training" }).click();
  const dialog = page.getByRole("dialog", { name: "Schedule of Training" });
  await dialog.getByRole("textbox", { name: "Cron expression" }).fill("61 * * * *");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText("cron");
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole("textbox", { name: "Cron expression" }).fill("30 4 * * *");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(
    page.getByRole("listitem").filter({ hasText: "Training" }).filter({ hasText: "30 4 * * *" }),
  ).toBeVisible();
});

test("a discovery is requested and followed to its end, and its run is read", async ({ page, service }) => {
  // A request beside a run of the schedule would be given that run.
  await service.query(
    "mutation ($input: PauseScheduleInput!) { pauseSchedule(input: $input) { userErrors { message } } }",
    { input: { jobName: "DISCOVER" } },
  );
  await page.goto("/automation?jobName=DISCOVER");
  await loaded(page);
  const grid = page.getByRole("grid", { name: "Runs" });
  await page.getByRole("button", { name: "Discover now" }).click();
  await expect(page.getByText("A discovery is requested")).toBeVisible();
  const row = grid.getByRole("row", { name: /succeeded .*developer/ }).first();
  await expect(row).toBeVisible();
  await row.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Discovery, succeeded" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("Requested by developer");
  expect(await axe(page)).toEqual([]);
});

test("changes of schedules are in the trail of administration", async ({ page, service }) => {
  await service.query(
    "mutation ($input: PauseScheduleInput!) { pauseSchedule(input: $input) { userErrors { message } } }",
    { input: { jobName: "SEAL" } },
    { "X-Actor": "cleo" },
  );
  await page.goto("/audit?tab=administration&actor=cleo");
  await loaded(page);
  const row = page.getByRole("grid").getByRole("row", { name: /paused cleo/ });
  await row.press("Enter");
  await expect(page.getByRole("dialog", { name: /^Details of/ }).getByRole("heading", { name: "After" })).toBeVisible();
  expect(await axe(page)).toEqual([]);
});
