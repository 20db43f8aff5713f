//! Types of cost.

use crate::domain::cost::{AllocatedValue, CostAllocation, MonthlyCost, UnallocatedCost};
use crate::domain::coverage::CostCoverage;
use crate::graphql::scalars::decimal::Decimal;
use async_graphql::{Object, SimpleObject};
use chrono::NaiveDate;

/// Month, as cost names it: `2024-09`.
fn name_of(month: NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

/// Cost in a month and a currency.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "MonthlyCost")]
pub struct MonthlyCostObject {
    /// Month, such as `2024-09`.
    month: String,
    /// True if all bills of the month were imported after it had ended.
    is_complete: bool,
    /// Currency of the bill.
    currency: String,
    /// Amount.
    amount: Decimal,
}

impl From<MonthlyCost> for MonthlyCostObject {
    fn from(cost: MonthlyCost) -> Self {
        Self {
            month: name_of(cost.month),
            is_complete: cost.is_complete,
            currency: cost.currency,
            amount: Decimal(cost.amount),
        }
    }
}

/// Cost of the resources on which a value holds.
#[derive(SimpleObject)]
#[graphql(name = "AllocatedValue")]
pub struct AllocatedValueObject {
    /// Value of the tag.
    value: String,
    /// Amount.
    amount: Decimal,
    /// Number of resources.
    resources: i64,
}

impl From<AllocatedValue> for AllocatedValueObject {
    fn from(value: AllocatedValue) -> Self {
        Self {
            value: value.value,
            amount: Decimal(value.amount),
            resources: value.resources,
        }
    }
}

/// Cost of a month in a currency by the values of a tag. `allocated`, `untagged` and `unallocated` add up to `total`.
#[derive(SimpleObject)]
#[graphql(name = "CostAllocation")]
pub struct CostAllocationObject {
    /// Month, such as `2024-09`.
    month: String,
    /// True if all bills of the month were imported after it had ended.
    is_complete: bool,
    /// Currency of the bill.
    currency: String,
    /// Whole cost.
    total: Decimal,
    /// Cost of resources on which a value holds.
    allocated: Decimal,
    /// Cost of resources on which no value holds.
    untagged: Decimal,
    /// Cost that belongs to no resource of the inventory.
    unallocated: Decimal,
    /// Share of the whole that is allocated, from 0 to 1; null if the whole is 0.
    allocated_share: Option<f64>,
    /// Values, the most costly first, at most 1,000.
    values: Vec<AllocatedValueObject>,
}

impl From<CostAllocation> for CostAllocationObject {
    fn from(cost: CostAllocation) -> Self {
        Self {
            month: name_of(cost.month),
            is_complete: cost.is_complete,
            currency: cost.currency,
            total: Decimal(cost.total),
            allocated: Decimal(cost.allocated),
            untagged: Decimal(cost.untagged),
            unallocated: Decimal(cost.unallocated),
            allocated_share: cost.allocated_share,
            values: cost.values.into_iter().map(Into::into).collect(),
        }
    }
}

/// Cost that belongs to no resource of the inventory, of an account and a service.
#[derive(SimpleObject)]
#[graphql(name = "UnallocatedCost")]
pub struct UnallocatedCostObject {
    /// Month, such as `2024-09`.
    month: String,
    /// True if all bills of the month were imported after it had ended.
    is_complete: bool,
    /// Account of the charges.
    account_id: String,
    /// Service, as the provider names it; null if the bill names none.
    service: Option<String>,
    /// Currency of the bill.
    currency: String,
    /// Amount.
    amount: Decimal,
    /// Number of resources that the bill names and the inventory lacks; 0 for charges of no resource, such as taxes.
    unknown_resources: i64,
}

impl From<UnallocatedCost> for UnallocatedCostObject {
    fn from(cost: UnallocatedCost) -> Self {
        Self {
            month: name_of(cost.month),
            is_complete: cost.is_complete,
            account_id: cost.account_id,
            service: cost.service,
            currency: cost.currency,
            amount: Decimal(cost.amount),
            unknown_resources: cost.unknown_resources,
        }
    }
}

/// Coverage of a governed tag key by cost.
pub struct CostCoverageObject(pub CostCoverage);

/// Coverage of a governed tag key by cost: the cost of the resources in each state in a month. The amounts add up to `total`.
#[Object(name = "CostCoverage")]
impl CostCoverageObject {
    /// Governed tag key.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }
    /// Month, such as `2024-09`.
    async fn month(&self) -> String {
        name_of(self.0.month)
    }
    /// True if all bills of the month were imported after it had ended.
    async fn is_complete(&self) -> bool {
        self.0.is_complete
    }
    /// Currency of the bill.
    async fn currency(&self) -> &str {
        &self.0.currency
    }
    /// Whole cost.
    async fn total(&self) -> Decimal {
        Decimal(self.0.total.clone())
    }
    /// Cost of resources whose own tags state a valid value.
    async fn native(&self) -> Decimal {
        Decimal(self.0.native.clone())
    }
    /// Cost of resources with an approved virtual tag.
    async fn approved(&self) -> Decimal {
        Decimal(self.0.approved.clone())
    }
    /// Cost of resources with an applied virtual tag that is not yet decided.
    async fn pending(&self) -> Decimal {
        Decimal(self.0.pending.clone())
    }
    /// Cost of resources without a value, but with a suggestion.
    async fn suggested(&self) -> Decimal {
        Decimal(self.0.suggested.clone())
    }
    /// Cost of resources without a value and without a suggestion.
    async fn missing(&self) -> Decimal {
        Decimal(self.0.missing.clone())
    }
    /// Cost of resources with a value that the key cannot have.
    async fn invalid(&self) -> Decimal {
        Decimal(self.0.invalid.clone())
    }
    /// Cost of resources whose own tags state a value that sure evidence, or another of their tags, contradicts.
    async fn contradicted(&self) -> Decimal {
        Decimal(self.0.contradicted.clone())
    }
    /// Cost of resources whose type is not asked for the key, and of retired ones.
    async fn not_asked(&self) -> Decimal {
        Decimal(self.0.not_asked.clone())
    }
    /// Cost that belongs to no resource of the inventory.
    async fn unallocated(&self) -> Decimal {
        Decimal(self.0.unallocated.clone())
    }
    /// Share of the cost of the resources that are asked for the key on which a valid value holds, from 0 to 1; null if that
    /// cost is 0.
    async fn covered_share(&self) -> Option<f64> {
        self.0.covered_share
    }
}
