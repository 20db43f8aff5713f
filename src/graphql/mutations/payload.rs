//! What mutations give: the thing that was made or changed, or what the caller did wrong.

use crate::graphql::error::Result;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::SimpleObject;

/// Declares the payload of a mutation that gives one thing.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$about:meta])* $field:ident: $object:ty, from $row:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                $(#[$about])*
                $field: Option<$object>,
                /// What the caller did wrong; empty when it was done.
                user_errors: Vec<UserError>,
            }

            impl $name {
                /// The payload of a verb's answer; refusals and faults are GraphQL errors.
                pub fn of(answer: crate::error::Result<$row>) -> Result<Self> {
                    let (row, user_errors) = split_user_errors(answer)?;
                    Ok(Self { $field: row.map(Into::into), user_errors })
                }
            }
        )*
    };
}

use crate::domain::approvals::VirtualTag as TagRow;
use crate::domain::inventory::Resource as ResourceRow;
use crate::domain::rules::RuleRow;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::Rule;
use crate::graphql::types::virtual_tag::VirtualTag;
use crate::runs::Run;

payloads! {
    /// What came of `createResource`.
    CreateResourcePayload {
        /// The new resource; null when it was refused.
        resource: Resource, from ResourceRow
    }
    /// What came of `updateResource`.
    UpdateResourcePayload {
        /// The resource as it is now; null when the change was refused.
        resource: Resource, from ResourceRow
    }
    /// What came of `deleteResource`.
    DeleteResourcePayload {
        /// The resource as it was; null when nothing was removed.
        resource: Resource, from ResourceRow
    }
    /// What came of `createVirtualTag`.
    CreateVirtualTagPayload {
        /// The new virtual tag, approved; null when it was refused.
        virtual_tag: VirtualTag, from TagRow
    }
    /// What came of `updateVirtualTag`.
    UpdateVirtualTagPayload {
        /// The virtual tag as it is now; null when the change was refused.
        virtual_tag: VirtualTag, from TagRow
    }
    /// What came of `deleteVirtualTag`.
    DeleteVirtualTagPayload {
        /// The virtual tag as it was; null when nothing was removed.
        virtual_tag: VirtualTag, from TagRow
    }
    /// What came of `createRule`.
    CreateRulePayload {
        /// The new rule; null when it was refused.
        rule: Rule, from RuleRow
    }
    /// What came of `updateRule`.
    UpdateRulePayload {
        /// The rule as it is now; null when the change was refused.
        rule: Rule, from RuleRow
    }
    /// What came of `setRuleEnabled`.
    SetRuleEnabledPayload {
        /// The rule as it is now; null when the change was refused.
        rule: Rule, from RuleRow
    }
    /// What came of `deleteRule`.
    DeleteRulePayload {
        /// The rule as it was; null when nothing was removed.
        rule: Rule, from RuleRow
    }
    /// What came of `runDiscovery`.
    RunDiscoveryPayload {
        /// The run; an equal one that was waiting already is not doubled.
        run: JobRun, from Run
    }
    /// What came of `runAutoTagging`.
    RunAutoTaggingPayload {
        /// The run; an equal one that was waiting already is not doubled.
        run: JobRun, from Run
    }
    /// What came of `importInventory`.
    ImportInventoryPayload {
        /// The run that reads the file; null when the file was refused.
        run: JobRun, from Run
    }
    /// What came of `importVirtualTags`.
    ImportVirtualTagsPayload {
        /// The run that reads the file; null when the file was refused.
        run: JobRun, from Run
    }
    /// What came of `cancelRun`.
    CancelRunPayload {
        /// The run as it is now; null when there is nothing to cancel.
        run: JobRun, from Run
    }
    /// What came of `triggerSchedule`.
    TriggerSchedulePayload {
        /// The new run, or the equal one that waits already; null when nothing was asked for.
        run: JobRun, from Run
    }
    /// What came of `retryRun`.
    RetryRunPayload {
        /// The run as it is now; null when there is nothing to try again.
        run: JobRun, from Run
    }
}
