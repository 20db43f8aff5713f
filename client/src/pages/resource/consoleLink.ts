/** Parts of a resource that tell its page in the provider's console. */
export interface ConsoleResource {
  cloud: "AWS" | "AZURE" | "GCP";
  accountId: string;
  region?: string | null;
  resourceId: string;
}

/** Address of a resource in its provider's console; undefined if its id does not tell. */
export function consoleLink({ cloud, accountId, region, resourceId }: ConsoleResource): string | undefined {
  if (cloud === "AWS" && resourceId.startsWith("arn:")) {
    const where = region ?? resourceId.split(":")[3] ?? "";
    const host = where ? `${where}.console.aws.amazon.com` : "console.aws.amazon.com";
    return `https://${host}/go/view?arn=${encodeURIComponent(resourceId)}`;
  }
  if (cloud === "AZURE" && resourceId.startsWith("/subscriptions/")) {
    return `https://portal.azure.com/#resource${encodeURI(resourceId)}`;
  }
  if (cloud === "GCP") {
    const name = resourceId.replace(/^\/\//, "");
    if (!/^[\w.-]+\.googleapis\.com\//.test(name)) return undefined;
    return `https://console.cloud.google.com/welcome?project=${encodeURIComponent(accountId)}`;
  }
  return undefined;
}
