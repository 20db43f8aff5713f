//! Files that are told apart in order to say why they hold no inventory.

use super::super::read_error::ReadError;
use std::collections::BTreeSet;

/// Paths that show a document of another kind, each with the reason to refuse it.
const DOCUMENTS: &[(&[&str], &str)] = &[
    (
        &["FailedResourcesMap"],
        "is an answer to a change of tags: it lists no resources",
    ),
    (&["Accounts.Id"], "is a list of accounts: it lists no resources"),
    (
        &["operationType"],
        "is an operation of Google Cloud: it lists no resources",
    ),
    (&["Error"], "is an error of the cloud: it lists no resources"),
    (&["error"], "is an error of the cloud: it lists no resources"),
    (
        &["planned_values"],
        "is a Terraform plan, not a state: `terraform show -json` without a plan file gives the state",
    ),
    (
        &["resource_changes"],
        "is a Terraform plan, not a state: `terraform show -json` without a plan file gives the state",
    ),
    (
        &["lineage", "modules"],
        "is a Terraform state of an old version: `terraform show -json` gives it in the present one",
    ),
    (
        &["AWSTemplateFormatVersion"],
        "is a CloudFormation template: it lists no resources of an account",
    ),
];

/// Reason to refuse a document with these paths.
pub(super) fn refused_document(paths: &BTreeSet<String>) -> Option<&'static str> {
    DOCUMENTS
        .iter()
        .find(|(all, _)| all.iter().all(|path| paths.contains(*path)))
        .map(|(_, reason)| *reason)
}

/// Refuses a CSV file whose header is that of a bill: FOCUS, or a Cost and Usage Report.
pub(in crate::domain::discovery) fn refuse_bill(header: &[String]) -> Result<(), ReadError> {
    let has = |name: &str| header.iter().any(|cell| cell.trim().eq_ignore_ascii_case(name));
    let is_focus = has("BilledCost") && has("ChargePeriodStart");
    let is_report = has("line_item_usage_start_date") || has("lineItem/UsageStartDate");
    if is_focus || is_report {
        return Err(ReadError::Format(
            "is a bill: `virtual-tagging import-cost FILE` takes it",
        ));
    }
    Ok(())
}
