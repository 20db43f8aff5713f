//! Each root field, and what comes of it for those who may not ask.

use virtual_tagging::auth::Role::{self, Approver, Viewer};

/// Actors who may not ask for a field.
pub enum Low {
    /// This role gets `FORBIDDEN`; the next one is asked in the other cases.
    Forbidden(Role),
    /// Nobody who is signed in; this says why.
    Nobody(&'static str),
}

/// Response to a caller limited to the account of odd resources who asks for the other account's.
pub enum Scope {
    /// `FORBIDDEN`: it concerns all accounts.
    Forbidden,
    /// A refusal in the payload, as if it did not exist; nothing is changed.
    Refused,
    /// Nothing, as if it did not exist.
    Null,
    /// Their own part: less than all, and nothing to who has no account here.
    Part,
    /// As everybody else; this says why.
    Everything(&'static str),
}

use Low::{Forbidden, Nobody};

/// Of all who may read at all.
const READS: Low = Nobody("whoever is signed in may read");
const RULES: Scope = Scope::Everything("rules are for all accounts, and show none");
const RUNS: Scope =
    Scope::Everything("all runs exist for everybody; what is redacted of them is tested in runs.rs");

/// Each root field: an operation that asks for what is of the account that the limited actor has not, or for
/// everything. What stands for the ids is in `Ids`.
pub const CASES: &[(&str, &str, Low, Scope)] = &[
    ("Query.adminChanges", "{ adminChanges { totalCount nodes { subjectName } } }", Forbidden(Approver), Scope::Forbidden),
    ("Query.apiTokens", "{ apiTokens { totalCount nodes { name accounts } } }", Forbidden(Approver), Scope::Null),
    (
        "Query.approvalFacets",
        "{ approvalFacets(field: ACCOUNT, first: 100) { values { value count } } }",
        READS,
        Scope::Part,
    ),
    ("Query.approvalGroups", "{ approvalGroups(first: 500) { nodes { count } } }", READS, Scope::Part),
    (
        "Query.approvalStats",
        "{ approvalStats { pending suggestions autoApplied byKey { count } byConfidence { count } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.approvals",
        "{ approvals(first: 500) { totalCount nodes { accountId: resource { accountId name resourceId } } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.calibration",
        "{ calibration { tagKey proposed overall { decided observedRate } buckets { from proposed } sources { source } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.costAllocation",
        "{ costAllocation(tagKey: \"team\") { currency total allocated unallocated values { value amount } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.costCoverage",
        "{ costCoverage { tagKey currency total missing unallocated } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.coverage",
        "{ coverage(groupBy: [KEY, ACCOUNT]) { tagKey accountId resources missing coveredShare } }",
        READS,
        Scope::Part,
    ),
    ("Query.coverageHistory", "{ coverageHistory { day tagKey resources missing coveredShare } }", READS, Scope::Part),
    (
        "Query.dashboard",
        "{ dashboard { approvals { pending } resourcesByCloud { resources tagged } tagsByStatus { count } } }",
        READS,
        Scope::Part,
    ),
    ("Query.inferTags", "{ inferTags(input: {id: \"%R\"}) { predictions { key } } }", READS, Scope::Refused),
    ("Query.jobRun", "{ jobRun(id: \"%J\") { id rejections { totalCount nodes { line } } importPlan { inserted } } }", READS, RUNS),
    ("Query.jobRuns", "{ jobRuns(first: 2) { nodes { id } } }", READS, RUNS),
    (
        "Query.mlInferences",
        "{ mlInferences(first: 500) { totalCount nodes { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.models", "{ models { totalCount nodes { version } } }", READS, Scope::Forbidden),
    ("Query.node", "{ node(id: \"%R\") { id } }", READS, Scope::Null),
    (
        "Query.nodes",
        "{ nodes(ids: [\"%R\", \"%T\", \"%A\", \"%I\"]) { id } }",
        READS,
        Scope::Null,
    ),
    (
        "Query.previewRule",
        "{ previewRule(input: {rule: {ruleName: \"all\", condition: \"true\", tagKey: \"team\", tagValue: \"x\"}})
           { preview { matches examples { resource { accountId name } } } } }",
        Forbidden(Viewer),
        Scope::Part,
    ),
    ("Query.resource", "{ resource(id: \"%R\") { id } }", READS, Scope::Null),
    (
        "Query.resourceFacets",
        "{ resourceFacets(field: ACCOUNT, first: 100) { values { value count } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.resources",
        "{ resources(first: 500) { totalCount nodes { accountId name resourceId
           virtualTags { totalCount } inferences { totalCount } audit { totalCount } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.rule", "{ rule(id: \"%U\") { ruleName } }", READS, RULES),
    (
        "Query.ruleLanguage",
        "{ ruleLanguage { fields { name } } }",
        READS,
        Scope::Everything("the language is the program's"),
    ),
    (
        "Query.ruleSuggestions",
        "{ ruleSuggestions(first: 500) { totalCount nodes { accounts samples { accountId name } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.rules", "{ rules(first: 2) { nodes { ruleName } } }", READS, RULES),
    ("Query.schedules", "{ schedules { jobName } }", READS, Scope::Everything("schedules are of no account")),
    (
        "Query.sources",
        "{ sources { errors { accountId } withheldRetirements { provider } accounts { totalCount nodes { accountId } } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.tagAudit",
        "{ tagAudit(first: 500) { totalCount nodes { accountId resource { name } virtualTag { tagValue } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.unallocatedCost", "{ unallocatedCost { accountId amount } }", READS, Scope::Part),
    ("Query.viewer", "{ viewer { subject } }", READS, Scope::Everything("it is about the caller")),
    (
        "Query.virtualTags",
        "{ virtualTags(first: 500) { totalCount nodes { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.vocabulary", "{ vocabulary { name } }", READS, Scope::Everything("the vocabulary is for all accounts")),
    (
        "Query.whyNot",
        "{ whyNot(resourceId: \"%R\", tagKey: \"team\", tagValue: \"x\") { reason } }",
        READS,
        Scope::Refused,
    ),
    (
        "Mutation.acceptRuleSuggestion",
        "mutation { acceptRuleSuggestion(input: {id: \"%S\"}) { suggestion { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.approveTags",
        "mutation { approveTags(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.cancelRun",
        "mutation { cancelRun(input: {id: \"%J\"}) { run { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.confirmRetirement",
        "mutation { confirmRetirement(input: {source: \"file:x\"}) { run { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.createApiToken",
        "mutation { createApiToken(input: {name: \"x\", role: VIEWER, accounts: [\"account-0\"],
           expiresAt: \"2000-01-01T00:00:00Z\"}) { secret userErrors { code field } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.createDownload",
        "mutation { createDownload(input: {kind: REJECTIONS, run: \"%J\"}) { url userErrors { code } } }",
        READS,
        Scope::Forbidden,
    ),
    (
        "Mutation.createResource",
        "mutation { createResource(input: {resourceId: \"arn:new\", name: \"new\", cloud: AWS, accountId: \"account-0\",
           resourceType: \"instance\"}) { resource { id } userErrors { code field } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.createRule",
        "mutation { createRule(input: {ruleName: \"x\", condition: \"true\", tagKey: \"k\", tagValue: \"v\"}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.createVirtualTag",
        "mutation { createVirtualTag(input: {resourceId: \"%R\", tagKey: \"k\", tagValue: \"v\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.denyNativeTag",
        "mutation { denyNativeTag(input: {resourceId: \"%R\", tagKey: \"environment\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.deleteResource",
        "mutation { deleteResource(input: {id: \"%R\"}) { resource { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.deleteRule",
        "mutation { deleteRule(input: {id: \"%U\"}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.deleteVocabularyKey",
        "mutation { deleteVocabularyKey(input: {name: \"team\"}) { vocabularyKey { name } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.deleteVirtualTag",
        "mutation { deleteVirtualTag(input: {id: \"%T\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.denyTags",
        "mutation { denyTags(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.dismissRuleSuggestion",
        "mutation { dismissRuleSuggestion(input: {id: \"%S\"}) { suggestion { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.importCost",
        "mutation($file: Upload!) { importCost(input: {file: $file}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.importInventory",
        "mutation($file: Upload!) { importInventory(input: {file: $file}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.importVirtualTags",
        "mutation($file: Upload!) { importVirtualTags(input: {file: $file, status: PENDING}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.pauseSchedule",
        "mutation { pauseSchedule(input: {jobName: DISCOVER}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.reorderRules",
        "mutation { reorderRules(input: {ids: [\"%U\"]}) { rules { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.restoreRule",
        "mutation { restoreRule(input: {id: \"%U\", version: 1}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.resumeSchedule",
        "mutation { resumeSchedule(input: {jobName: DISCOVER}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.retryRun",
        "mutation { retryRun(input: {id: \"%J\"}) { run { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.revokeApiToken",
        "mutation { revokeApiToken(input: {id: \"%K\"}) { apiToken { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.revokeRuleSuggestion",
        "mutation { revokeRuleSuggestion(input: {id: \"%S\"}) { suggestion { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.rollbackModel",
        "mutation { rollbackModel(input: {version: \"1\"}) { model { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    ("Mutation.trainModel", "mutation { trainModel { run { id } } }", Forbidden(Viewer), Scope::Forbidden),
    ("Mutation.runAutoTagging", "mutation { runAutoTagging { run { id } } }", Forbidden(Viewer), Scope::Forbidden),
    ("Mutation.runDiscovery", "mutation { runDiscovery { run { id } } }", Forbidden(Viewer), Scope::Forbidden),
    (
        "Mutation.setRuleEnabled",
        "mutation { setRuleEnabled(input: {id: \"%U\", enabled: false}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.triggerSchedule",
        "mutation { triggerSchedule(input: {jobName: DISCOVER}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.undoDecisions",
        "mutation { undoDecisions(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.updateResource",
        "mutation { updateResource(input: {id: \"%R\", name: \"x\"}) { resource { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.updateRule",
        "mutation { updateRule(input: {id: \"%U\", priority: 1}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.updateSchedule",
        "mutation { updateSchedule(input: {jobName: DISCOVER, cron: \"* * * * *\"}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.updateVirtualTag",
        "mutation { updateVirtualTag(input: {id: \"%T\", tagValue: \"x\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.updateVocabularyKey",
        "mutation { updateVocabularyKey(input: {name: \"team\", governed: false}) { vocabularyKey { name } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Subscription.approvalEvents",
        "subscription { approvalEvents(after: \"%C\") { events { change { accountId resource { name } } } } }",
        READS,
        Scope::Part,
    ),
    (
        "Subscription.approvalStats",
        "subscription { approvalStats { pending suggestions autoApplied } }",
        READS,
        Scope::Part,
    ),
    ("Subscription.jobProgress", "subscription { jobProgress(runId: \"%J\") { id } }", READS, RUNS),
    (
        "Subscription.resourceEvents",
        "subscription { resourceEvents(after: \"%D\") { events { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
];
