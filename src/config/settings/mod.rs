//! Table of all settings: the one source of their names, defaults, ranges and descriptions, for the reader, `--help`
//! and `docs/configuration.md`.

mod document;
mod kind;

pub use document::markdown;
pub use kind::{Number, Setting, SettingKind, Switch, Text};

use kind::SettingRow;

/// Declares the settings: a documentation comment is the description, and the groups are the document's sections.
macro_rules! settings {
    ($($group:literal { $($(#[doc = $line:literal])+ $name:ident: $kind:ty = $value:expr;)+ })+) => {
        $($(
            $(#[doc = $line])+
            pub const $name: Setting<$kind> = Setting {
                name: stringify!($name),
                kind: $value,
                description: &[$($line),+],
            };
        )+)+

        /// Rows of the document, group by group.
        fn groups() -> Vec<(&'static str, Vec<SettingRow>)> {
            vec![$(($group, vec![$($name.row()),+])),+]
        }
    };
}

settings! {
    "Environment" {
        /// With `production`, `serve` refuses to start without authentication, and nothing is discovered that
        /// `DISCOVERY_SOURCES` does not name.
        ENVIRONMENT: Text = Text::new("development", "development or production");
    }

    "Database" {
        /// PostgreSQL (15 or newer) to use in place of the embedded one. Unset, the service runs a PostgreSQL of its own.
        DATABASE_URL: Text = Text::new("", "a URL with the scheme postgres or postgresql");
        /// Directory in which the embedded PostgreSQL keeps its data.
        DATA_DIR: Text = Text::new("./data", "a path");
        /// Size of the main pool per process; two connections are used for LISTEN. Each process opens two more outside the
        /// pool (health probe, liveness lock), plus `DATABASE_SCOPED_CONNECTIONS`. A `worker` takes
        /// `WORKER_CONCURRENCY` + 4 if that is less, and all processes take less where PostgreSQL has fewer left
        /// (see [operations.md](operations.md)). Session advisory locks are used, so a pooler like `PgBouncer`
        /// must not run in transaction mode.
        DATABASE_MAX_CONNECTIONS: Number<u32> = Number::new(16, 5, 1000);
        /// Size of the pool through which callers limited to accounts read; its connections are opened when they are
        /// needed.
        DATABASE_SCOPED_CONNECTIONS: Number<u32> = Number::new(8, 1, 1000);
    }

    "Addresses and connections" {
        /// Address to listen on. Addresses other than loopback need authentication.
        API_HOST: Text = Text::new("127.0.0.1", "an IP address, or localhost");
        /// Port to listen on; 0 takes a free one.
        API_PORT: Number<u16> = Number::new(8000, 0, 65_535);
        /// Address on which a `worker` serves `/healthz`, `/readyz` and `/metrics`, and nothing else.
        WORKER_HOST: Text = Text::new("127.0.0.1", "an IP address, or localhost");
        /// Port of a `worker` for these; 0 takes a free one. Unset, a `worker` also takes a free port where 8001 is taken.
        WORKER_PORT: Number<u16> = Number::new(8001, 0, 65_535);
        /// Origins of web pages that may call, websockets included, as browsers send them: no `*`, no path, no slash at
        /// the end.
        CORS_ORIGINS: Text = Text::new("", "a comma list like https://app.example.com,http://localhost:5173");
        /// Names that requests may give as `Host`, besides `localhost` and loopback addresses. Unset, any name is taken
        /// under authentication, and none without.
        ALLOWED_HOSTS: Text = Text::new("", "a comma list like tags.example.com,192.0.2.7");
        /// Connections open at the same time, websockets among them; one more is closed at once. The limit of open files
        /// is raised as far as the system grants.
        MAX_CONNECTIONS: Number<usize> = Number::new(16_384, 16, 1_000_000);
        /// Seconds for a request's line and headers.
        HEADER_TIMEOUT: Number<u64> = Number::new(10, 1, 300);
        /// Seconds for which a connection may rest between two requests: more than load balancers keep theirs, which
        /// would otherwise meet closed ones.
        IDLE_TIMEOUT: Number<u64> = Number::new(75, 1, 3600);
        /// Seconds for which a shutdown still takes requests, at most, while callers come.
        DRAIN_TIME: Number<u64> = Number::new(10, 0, 300);
    }

    "Authentication" {
        /// Secret of bearer tokens that are signed with HS256; set, callers need such a token.
        JWT_SECRET: Text = Text::new("", "a text of 32 bytes or more");
        /// Address at which the keys of tokens signed with RSA, ECDSA or Ed25519 are published, in place of `JWT_SECRET`.
        /// It needs `JWT_ISSUER` and `JWT_AUDIENCE`.
        JWT_JWKS_URL: Text = Text::new("", "a URL with https (http for this machine), without a name or a password in it");
        /// Issuer that a token must name as `iss`, if set.
        JWT_ISSUER: Text = Text::new("", "a text");
        /// Audience that a token must name as `aud`, if set.
        JWT_AUDIENCE: Text = Text::new("", "a text");
        /// Claim that names the caller. A claim inside of others is named by its path: `a.b`.
        JWT_SUBJECT_CLAIM: Text = Text::new("sub", "the name of a claim, such as email");
        /// Claim that names the caller's role, one or a list of which the highest counts.
        JWT_ROLE_CLAIM: Text = Text::new("role", "the name of a claim, such as groups or realm_access.roles");
        /// Values of that claim, and the roles that they mean. Unset, the values are `viewer`, `approver` and `admin`; set,
        /// others mean nothing.
        JWT_ROLES: Text = Text::new("", "a comma list like tag-admins=admin,finops=approver,everyone=viewer");
        /// Claim that lists the accounts that the caller is limited to; tokens without it see all.
        JWT_ACCOUNTS_CLAIM: Text = Text::new("accounts", "the name of a claim");
        /// Client id of the web client at the OpenID provider, whose address is `JWT_ISSUER`: people log in there, by
        /// authorization code with PKCE. Unset, the web client asks for a token.
        OIDC_CLIENT_ID: Text = Text::new("", "a text");
    }

    "Uploads and packed files" {
        /// Bytes of the largest request with files, which wait in `TMPDIR`.
        UPLOAD_MAX_BYTES: Number<usize> = Number::new(256 << 20, 1 << 10, 16 << 30);
        /// Uploads under way in a process, a quarter of them of one caller at most. As many times `UPLOAD_MAX_BYTES` of
        /// disk may be taken.
        UPLOAD_MAX_CONCURRENT: Number<usize> = Number::new(8, 1, 1000);
        /// Seconds for the files of an upload.
        UPLOAD_TIMEOUT: Number<u64> = Number::new(900, 1, 24 * 3600);
        /// Bytes a second that an upload must bring, measured over 20 s; 0 takes any rate.
        UPLOAD_MIN_RATE: Number<u32> = Number::new(16_384, 0, 1_000_000_000);
        /// Directory in which uploads are spooled; it needs room for `UPLOAD_MAX_CONCURRENT` of them.
        TMPDIR: Text = Text::new("/tmp", "a path");
        /// Bytes that a packed inventory may unpack to, from an upload, `import` or `file:`.
        UNPACK_MAX_BYTES: Number<u64> = Number::new(8 << 30, 1 << 20, 1 << 44);
        /// Ratio that a packed inventory may unpack at, counted beyond its first 16 MiB.
        UNPACK_MAX_RATIO: Number<u64> = Number::new(200, 1, 100_000);
    }

    "GraphQL: one operation" {
        /// Bytes of a request without its files, and of a message on a websocket.
        GRAPHQL_MAX_BODY_BYTES: Number<usize> = Number::new(1 << 20, 1 << 10, 64 << 20);
        /// Bytes of a document.
        GRAPHQL_MAX_DOCUMENT_BYTES: Number<usize> = Number::new(128 << 10, 256, 64 << 20);
        /// Tokens of a document.
        GRAPHQL_MAX_TOKENS: Number<usize> = Number::new(2_000, 10, 100_000);
        /// Nesting of braces, brackets and parentheses in a document.
        // The parser's stack holds the most, and several times more.
        GRAPHQL_MAX_NESTING: Number<usize> = Number::new(64, 1, 200);
        /// Fields on the longest way into an operation once its fragments are spread, not counting introspection.
        GRAPHQL_MAX_DEPTH: Number<usize> = Number::new(12, 1, 200);
        /// Aliases of an operation once its fragments are spread.
        GRAPHQL_MAX_ALIASES: Number<usize> = Number::new(30, 0, 100_000);
        /// Fields at an operation's root once its fragments are spread.
        GRAPHQL_MAX_ROOT_FIELDS: Number<usize> = Number::new(20, 1, 100_000);
        /// Directives of an operation once its fragments are spread.
        GRAPHQL_MAX_DIRECTIVES: Number<usize> = Number::new(50, 0, 100_000);
        /// Cost of an operation (see [security.md](security.md)).
        GRAPHQL_MAX_COST: Number<u32> = Number::new(5_000, 1, 1_000_000_000);
        /// Seconds for a query or a mutation.
        GRAPHQL_TIMEOUT: Number<u64> = Number::new(10, 1, 600);
        /// Bytes of an answer, 64 for each value among them; one that grows larger is given up with
        /// `RESPONSE_TOO_LARGE`. Answers above 64 KiB that are not sent yet take six times this at most, those of one
        /// caller half of it.
        GRAPHQL_MAX_RESPONSE_BYTES: Number<usize> = Number::new(16 << 20, 64 << 10, 1 << 30);
        /// Operations in one request, as a list; 0 takes no lists.
        GRAPHQL_MAX_BATCH: Number<usize> = Number::new(0, 0, 100);
        /// Automatic persisted queries, as Apollo's clients use them, are kept.
        PERSISTED_QUERIES: Switch = Switch(true);
        /// JSON file `{id: document}` of the only documents that are executed, named by `documentId` or
        /// `persistedQuery.sha256Hash`. A document that the schema or a limit refuses stops the start.
        TRUSTED_DOCUMENTS: Text = Text::new("", "a path");
    }

    "GraphQL: many operations" {
        /// Bytes of responses to queries of the queue, of resources, coverage and the like that a process keeps. A response is given
        /// again only while nothing has changed in the database. 0 keeps none.
        RESPONSE_CACHE_BYTES: Number<usize> = Number::new(16 << 20, 0, 16 << 30);
        /// Queries and mutations under way in a process.
        GRAPHQL_MAX_OPERATIONS: Number<usize> = Number::new(64, 1, 100_000);
        /// Milliseconds for which one more waits for its turn before it is refused with 503.
        GRAPHQL_MAX_WAIT_MS: Number<u64> = Number::new(1_000, 0, 60_000);
        /// Queries and mutations of one caller under way, three quarters of all at most. Raise it for a service that asks
        /// in the name of many people.
        // More do not make a caller faster, for they wait for each other, but would take processors and connections from
        // everybody else. The default is a minimum, which the processors raise.
        GRAPHQL_MAX_CALLER_OPERATIONS: Number<usize> = Number::dependent(
            4, 1, 100_000, "2 for each processor, 4 at least; three quarters of all without authentication"
        );
        /// Subscriptions under way in a process.
        GRAPHQL_MAX_SUBSCRIPTIONS: Number<usize> = Number::new(20_000, 0, 1_000_000);
        /// Subscriptions of one caller, of which a tenth may differ from each other, and websockets of one caller.
        GRAPHQL_MAX_CALLER_SUBSCRIPTIONS: Number<usize> = Number::dependent(
            1_000, 1, 1_000_000, "1000; all without authentication"
        );
        /// Operations under way on one websocket.
        GRAPHQL_MAX_SOCKET_OPERATIONS: Number<usize> = Number::new(100, 1, 10_000);
        /// Cost of one caller's operations in a minute, in each process; 0 for no limit. It must not be below
        /// `GRAPHQL_MAX_COST`.
        RATE_LIMIT_COST: Number<u32> = Number::dependent(
            600_000, 0, 1_000_000_000, "600000; 0 without authentication"
        );
    }

    "Inference" {
        /// Confidence from which on a tag is applied and waits for approval.
        AUTO_APPLY_THRESHOLD: Number<f64> = Number::new(0.90, 0.0, 1.0);
        /// Confidence from which on a tag is suggested; not above `AUTO_APPLY_THRESHOLD`.
        MANUAL_REVIEW_THRESHOLD: Number<f64> = Number::new(0.70, 0.0, 1.0);
        /// Version of the trained model to work with, in place of the active one; the query `models` shows those that are
        /// stored.
        ML_MODEL_VERSION: Text = Text::new("", "a version");
    }

    "Jobs and schedules" {
        /// Schedules are ticked by this process; each tick makes one run in the whole cluster.
        ENABLE_SCHEDULER: Switch = Switch(true);
        /// Runs are worked on by this process.
        ENABLE_WORKERS: Switch = Switch(true);
        /// Runs at the same time in this process.
        WORKER_CONCURRENCY: Number<usize> = Number::new(4, 1, 64);
        /// Seconds after which an attempt of a run is cut off, where its job's own limit is longer.
        RUN_TIME_LIMIT: Number<u64> = Number::new(4 * 3600, 1, 7 * 24 * 3600);
        /// Days for which ended runs are kept; of each job and outcome the last one stays.
        RUN_HISTORY_DAYS: Number<u16> = Number::new(30, 1, 3650);
        /// Ended runs of each job and outcome that are kept.
        RUN_HISTORY_KEEP: Number<u32> = Number::new(1000, 1, 1_000_000);
        /// Time zone that schedules are read in.
        SCHEDULE_TIME_ZONE: Text = Text::new("UTC", "a time zone like UTC or Europe/Berlin");
        /// Whole months of the audit trail that stay attached besides the present one; 0 keeps all.
        AUDIT_RETENTION_MONTHS: Number<u32> = Number::new(0, 0, 1200);
        /// Cron expression of discovery; six fields have seconds first.
        DISCOVERY_INTERVAL: Text = Text::new("*/2 * * * *", "a cron expression");
        /// Percentage of the resources of a source (of an account, where a source has many) that a report may retire
        /// by lacking them. A report that would retire more retires none, until a person confirms it; 100 retires whatever
        /// is missing.
        RETIREMENT_MAX_PERCENT: Number<u8> = Number::new(20, 0, 100);
        /// Number of resources that a report may retire whatever their percentage.
        RETIREMENT_MAX_FEW: Number<u32> = Number::new(20, 0, 1_000_000);
        /// Sources that are asked for resources: `demo` (an invented company), `simulated` (20 more invented resources at
        /// each discovery), `file:PATH`, `file:PATH?account=ID` (files.md), `aws:org`, `aws:ACCOUNT`, `aws-config:AGGREGATOR`,
        /// `gcp:organizations/ID`, `gcp:folders/ID`, `gcp:projects/ID`, `azure:TENANT`, `azure:subscription/ID` (clouds.md).
        DISCOVERY_SOURCES: Text = Text::new("demo; none in production", "a comma list");
    }

    "AWS" {
        /// Region of calls that belong to no other; of a partition other than `aws`, one of its regions. Credentials come
        /// from AWS's own chain: variables of the environment (not of `.env`), profile, container, machine.
        AWS_REGION: Text = Text::new("us-east-1", "a region like eu-west-1");
        /// Regions whose tags are read from the Tagging API. Unset, those in which Resource Explorer has an index, and the
        /// one of global services.
        AWS_REGIONS: Text = Text::new("", "a comma list of regions like eu-west-1,us-east-1");
        /// Resource Explorer is asked for the resources of an account; switched off, those that have or had tags are known.
        AWS_RESOURCE_EXPLORER: Switch = Switch(true);
        /// Role that is assumed in each account other than that of the credentials.
        AWS_ROLE_NAME: Text = Text::new("virtual-tagging-read", "the name of a role, or its path and name");
        /// External id that the role demands, if it does.
        AWS_EXTERNAL_ID: Text = Text::new("", "a text");
        /// Address of all services, in place of AWS's own: for tests.
        AWS_ENDPOINT_URL: Text = Text::new("", "a URL with http or https");
    }

    "Google Cloud" {
        /// File of credentials, of the type `service_account` or `authorized_user`. Unset, the service account of the
        /// machine is used.
        GOOGLE_APPLICATION_CREDENTIALS: Text = Text::new("", "a path");
        /// Project to which requests are charged, and in which Cloud Asset Inventory is enabled.
        GOOGLE_CLOUD_QUOTA_PROJECT: Text = Text::new("", "the id of a project");
        /// Address of Cloud Asset Inventory.
        GCP_ASSET_ENDPOINT: Text = Text::new("https://cloudasset.googleapis.com", "a URL with http or https");
        /// Address of the metadata server of the machine.
        GCP_METADATA_ENDPOINT: Text = Text::new("http://metadata.google.internal", "a URL with http or https");
    }

    "Azure" {
        /// Tenant of the identity.
        AZURE_TENANT_ID: Text = Text::new("", "the id or the name of a tenant");
        /// Client id of the identity. Without a secret and a token file, the managed identity of the machine with this id, or
        /// its only one.
        AZURE_CLIENT_ID: Text = Text::new("", "a text");
        /// Secret of the client.
        AZURE_CLIENT_SECRET: Text = Text::new("", "a text");
        /// File in which a workload's platform keeps the token that is exchanged for one of Azure.
        AZURE_FEDERATED_TOKEN_FILE: Text = Text::new("", "a path");
        /// Address that grants tokens.
        AZURE_AUTHORITY_HOST: Text = Text::new("https://login.microsoftonline.com", "a URL with http or https");
        /// Address of Azure Resource Manager.
        AZURE_MANAGEMENT_ENDPOINT: Text = Text::new("https://management.azure.com", "a URL with http or https");
        /// Address of the metadata service of the machine.
        AZURE_IMDS_ENDPOINT: Text = Text::new("http://169.254.169.254", "a URL with http or https");
    }

    "Log" {
        /// Form of the log: `text` for people, `json` for machines.
        LOG_FORMAT: Text = Text::new("text", "text or json");
        /// A line for each operation (HTTP and websocket) and each export: user, kind, operation, duration, cost,
        /// outcome, request id.
        ACCESS_LOG: Switch = Switch(false);
        /// Filter of log lines, e.g. `virtual_tagging=debug`.
        RUST_LOG: Text = Text::new("info", "a filter of tracing-subscriber");
    }
}
