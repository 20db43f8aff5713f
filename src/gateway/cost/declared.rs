//! Declared costs: fields that cost more than others, and lengths of lists that no argument bounds.

/// Hundredths of a unit of cost, in which costs are counted.
pub const UNIT: u64 = 100;

/// Factor by which the selection of a field counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Multiplicity {
    /// Once.
    One,
    /// Once for each row of the connection that it stands in.
    Rows,
    /// Connection: its rows count as often as `first` or `last` says, or so often without them.
    Page(u64),
    /// So often: the list is never longer, or hardly ever.
    Fixed(u64),
    /// Once for each item of the list that is given as this argument.
    Given { argument: &'static str, otherwise: u64 },
    /// Payload with a list of the objects that the `ids` of its `input` name: its rows count as often.
    Inside,
}

/// Cost of an object, or of a field that gives one.
pub const OBJECT: u64 = UNIT;
/// Cost of a field without fields of its own.
pub const LEAF: u64 = UNIT / 20;
/// Cost of a mutation without its payload.
pub const MUTATION: u64 = 10 * UNIT;
/// Cost of a subscription without a payload.
pub const SUBSCRIPTION: u64 = 10 * UNIT;
/// Cost of `__schema`, whatever is selected.
pub const SCHEMA: u64 = 100 * UNIT;
/// Cost of `__type`, whatever is selected.
pub const TYPE: u64 = 10 * UNIT;
/// Decisions in a payload when the request does not name the tags.
pub const DECIDED: u64 = 200;

/// Fields that aggregate, evaluate or search, in units: these count besides their selections, in a list for each object.
pub const WEIGHTS: [(&str, &str, u64); 17] = [
    ("Query", "approvalFacets", 20),
    ("Query", "approvalGroups", 20),
    ("Query", "approvalStats", 20),
    ("Query", "calibration", 10),
    ("Query", "costAllocation", 50),
    ("Query", "costCoverage", 50),
    ("Query", "coverage", 10),
    ("Query", "dashboard", 50),
    ("Query", "inferTags", 50),
    ("Query", "previewRule", 1000),
    ("Query", "resourceFacets", 10),
    ("Query", "unallocatedCost", 20),
    ("Query", "whyNot", 50),
    ("Subscription", "approvalStats", 30),
    ("ApprovalGroup", "costAtStake", 2),
    ("JobRun", "importPlan", 5),
    ("JobRun", "importSummary", 5),
];

/// Mutations with a list of the objects that the `ids` of the `input` name.
pub const DECISIONS: [&str; 3] = ["approveTags", "denyTags", "undoDecisions"];

/// Lists of objects that are no connection, with their usual lengths.
pub const LISTS: [(&str, &str, u64); 65] = [
    ("AcceptRuleSuggestionPayload", "rules", 5),
    ("ApprovalEventBatch", "events", 10),
    ("ApprovalStats", "byConfidence", 10),
    ("ApprovalStats", "byKey", 20),
    ("Calibration", "buckets", 10),
    ("Calibration", "sources", 3),
    ("ChangedSinceDenial", "changes", 3),
    ("CostAllocation", "values", 50),
    ("CreateRulePayload", "warnings", 3),
    ("Dashboard", "lastRuns", 10),
    ("Dashboard", "resourcesByCloud", 3),
    ("Dashboard", "tagsByStatus", 4),
    ("DeleteRulePayload", "warnings", 3),
    ("EvidenceSignal", "attributes", 3),
    ("FacetList", "values", 20),
    ("ImportPlan", "accounts", 100),
    ("ImportPlan", "mapping", 10),
    ("ImportPlan", "samples", 30),
    ("ImportSample", "changes", 10),
    ("ImportSummary", "accounts", 100),
    ("ImportSummary", "mapping", 10),
    ("InferTagsResult", "predictions", 5),
    ("JobRun", "counts", 10),
    ("MlInference", "predictions", 5),
    ("Model", "metrics", 10),
    ("ModelKeyMetrics", "reliability", 10),
    ("Prediction", "alternatives", 3),
    ("Query", "calibration", 10),
    ("Query", "costAllocation", 1),
    ("Query", "costCoverage", 15),
    ("Query", "coverage", 50),
    ("Query", "coverageHistory", 300),
    ("Query", "schedules", 10),
    ("Query", "sources", 3),
    ("Query", "unallocatedCost", 50),
    ("Query", "vocabulary", 20),
    ("ReorderRulesPayload", "rules", 100),
    ("Resource", "cost", 1),
    ("Resource", "effectiveTags", 5),
    ("ResourceEventBatch", "events", 10),
    ("RestoreRulePayload", "warnings", 3),
    ("RevokeRuleSuggestionPayload", "rules", 5),
    ("Rule", "history", 10),
    ("RuleLanguage", "examples", 10),
    ("RuleLanguage", "fields", 10),
    ("RuleLanguage", "functions", 10),
    ("RuleLanguage", "operators", 10),
    ("RuleLanguage", "templates", 10),
    ("RulePreview", "examples", 20),
    ("RulePreview", "outcomes", 5),
    ("RulePreview", "shadowedBy", 10),
    ("RulePreview", "shadows", 10),
    ("RulePreview", "warnings", 3),
    ("RuleSuggestion", "samples", 10),
    ("RuleSuggestion", "tags", 5),
    ("SetRuleEnabledPayload", "warnings", 3),
    ("Source", "errors", 5),
    ("Source", "withheldRetirements", 2),
    ("SourceCalibration", "buckets", 10),
    ("SuggestedTag", "conflicts", 3),
    ("TagEvidence", "alternatives", 3),
    ("TagEvidence", "signals", 3),
    ("UpdateRulePayload", "warnings", 3),
    ("VocabularyKey", "values", 20),
    ("WithheldRetirement", "samples", 100),
];
