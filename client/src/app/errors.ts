import { CombinedGraphQLErrors, ServerError, ServerParseError } from "@apollo/client/errors";

type ErrorKind =
  "unauthenticated" | "forbidden" | "limited" | "timeout" | "unavailable" | "offline" | "invalid" | "missing" | "fault";

/** Error of the service in the terms of the page. */
export interface Problem {
  kind: ErrorKind;
  message: string;
  requestId?: string;
  /** Seconds after which the service takes the request again. */
  retryAfter?: number;
}

const kinds: Record<string, ErrorKind> = {
  UNAUTHENTICATED: "unauthenticated",
  FORBIDDEN: "forbidden",
  INTROSPECTION_DISABLED: "forbidden",
  RATE_LIMITED: "limited",
  SERVICE_UNAVAILABLE: "unavailable",
  TIMEOUT: "timeout",
  RESPONSE_TOO_LARGE: "timeout",
  NOT_FOUND: "missing",
  BAD_USER_INPUT: "invalid",
  BAD_REQUEST: "invalid",
  GRAPHQL_PARSE_FAILED: "invalid",
  GRAPHQL_VALIDATION_FAILED: "invalid",
  OPERATION_RESOLUTION_FAILURE: "invalid",
};

const byStatus: Record<number, ErrorKind> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "missing",
  408: "timeout",
  429: "limited",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

interface ErrorBody {
  message?: unknown;
  extensions?: { code?: unknown; requestId?: unknown };
}

/** First error of a body in GraphQL's form. */
function parse(text: string): ErrorBody | undefined {
  try {
    return (JSON.parse(text) as { errors?: ErrorBody[] }).errors?.[0];
  } catch {
    return undefined;
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Seconds of a `Retry-After` header. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** Describes whatever was thrown while the service was asked. */
export function describeError(error: unknown): Problem {
  if (CombinedGraphQLErrors.is(error)) {
    const first = error.errors[0];
    const code = text(first?.extensions?.code) ?? "";
    return {
      kind: kinds[code] ?? "fault",
      message: first?.message ?? error.message,
      requestId: text(first?.extensions?.requestId),
    };
  }
  if (ServerError.is(error) || ServerParseError.is(error)) {
    const body = parse(error.bodyText);
    return {
      kind: kinds[text(body?.extensions?.code) ?? ""] ?? byStatus[error.statusCode] ?? "fault",
      message: text(body?.message) ?? error.message,
      requestId: text(body?.extensions?.requestId) ?? error.response.headers.get("X-Request-Id") ?? undefined,
      retryAfter: retryAfter(error.response),
    };
  }
  if (error instanceof TypeError) return { kind: "offline", message: error.message };
  return { kind: "fault", message: error instanceof Error ? error.message : String(error) };
}
