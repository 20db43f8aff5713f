//! What fields cost that cost more than others, and how long lists are that no argument bounds.

/// Hundredths of a unit of cost, in which costs are counted.
pub const UNIT: u64 = 100;

/// How often a field's selection counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// Once.
    One,
    /// Once for each row of the connection that it stands in.
    Rows,
    /// It gives a connection: the rows in it count as often as `first` or `last` says, or so often.
    Page(u64),
    /// So often, as the list is never longer, or hardly ever.
    Fixed(u64),
    /// As often as the list is long that is given as this argument.
    Given { argument: &'static str, otherwise: u64 },
    /// It gives a payload with a list in it of what the `ids` of its `input` name: the rows count as often.
    Inside,
}

/// An object, or what gives one.
pub const OBJECT: u64 = UNIT;
/// A field without fields of its own.
pub const LEAF: u64 = UNIT / 20;
/// A mutation, besides what its payload costs.
pub const MUTATION: u64 = 10 * UNIT;
/// A subscription, besides what an answer costs.
pub const SUBSCRIPTION: u64 = 10 * UNIT;
/// Everything about the schema.
pub const SCHEMA: u64 = 100 * UNIT;
/// A type of the schema.
pub const TYPE: u64 = 10 * UNIT;
/// Decisions in an answer to a request that does not name its tags.
pub const DECIDED: u64 = 200;

/// Fields that aggregate, evaluate or search, in units: these count besides what they give.
pub const WEIGHTS: [(&str, &str, u64); 7] = [
    ("Query", "approvalGroups", 20),
    ("Query", "approvalStats", 20),
    ("Query", "dashboard", 50),
    ("Query", "inferTags", 50),
    ("Query", "previewRule", 1000),
    ("Subscription", "approvalStats", 30),
    ("JobRun", "importPlan", 5),
];

/// Payloads with a list of what the `ids` of the `input` name.
pub const DECISIONS: [&str; 3] = ["approveTags", "denyTags", "undoDecisions"];

/// Lists of objects that are no connection: how long they are, about.
pub const LISTS: [(&str, &str, u64); 22] = [
    ("ApprovalEventBatch", "events", 10),
    ("ApprovalStats", "byConfidence", 10),
    ("ApprovalStats", "byKey", 20),
    ("Dashboard", "lastRuns", 10),
    ("Dashboard", "resourcesByCloud", 3),
    ("Dashboard", "tagsByStatus", 4),
    ("ImportPlan", "samples", 30),
    ("ImportSample", "changes", 10),
    ("InferTagsResult", "predictions", 5),
    ("JobRun", "counts", 10),
    ("MlInference", "predictions", 5),
    ("Prediction", "alternatives", 3),
    ("Query", "schedules", 10),
    ("Query", "vocabulary", 20),
    ("ReorderRulesPayload", "rules", 100),
    ("Resource", "effectiveTags", 5),
    ("ResourceEventBatch", "events", 10),
    ("RulePreview", "examples", 20),
    ("RulePreview", "outcomes", 5),
    ("RulePreview", "shadowedBy", 10),
    ("RulePreview", "shadows", 10),
    ("VocabularyKey", "values", 20),
];
