import { expect, it } from "vitest";
import { consoleLink } from "./consoleLink.ts";

it("finds the console by the id", () => {
  expect(consoleLink({ cloud: "AWS", accountId: "1", region: "eu-west-1", resourceId: "arn:aws:s3:::a&b" })).toBe(
    "https://eu-west-1.console.aws.amazon.com/go/view?arn=arn%3Aaws%3As3%3A%3A%3Aa%26b",
  );
  expect(consoleLink({ cloud: "AWS", accountId: "1", resourceId: "arn:aws:iam::1:role/x" })).toContain(
    "https://console.aws.amazon.com/",
  );
  expect(consoleLink({ cloud: "AZURE", accountId: "s", resourceId: "/subscriptions/s/x y" })).toBe(
    "https://portal.azure.com/#resource/subscriptions/s/x%20y",
  );
  expect(
    consoleLink({ cloud: "GCP", accountId: "p", resourceId: "//compute.googleapis.com/projects/p/zones/z/i" }),
  ).toBe("https://console.cloud.google.com/welcome?project=p");
});

it("gives no link for ids that are not the provider's", () => {
  expect(consoleLink({ cloud: "AWS", accountId: "1", resourceId: "i-1" })).toBeUndefined();
  expect(consoleLink({ cloud: "AZURE", accountId: "1", resourceId: "javascript:x" })).toBeUndefined();
});
