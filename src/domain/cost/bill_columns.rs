//! Columns of a bill, found by its header: FOCUS 1.0 to 1.2, and AWS Cost and Usage Reports (CUR).

use crate::domain::discovery::ReadError;

/// Format of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BillFormat {
    /// FOCUS, an open specification of cost and usage, whose effective cost counts.
    Focus,
    /// Cost and Usage Report of AWS, whose unblended cost counts.
    Cur,
}

/// Positions of the columns in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BillColumns {
    pub format: BillFormat,
    pub amount: usize,
    pub currency: usize,
    pub charge_start: usize,
    pub period_start: usize,
    pub billing_account: usize,
    pub provider: Option<usize>,
    pub account: Option<usize>,
    pub region: Option<usize>,
    pub service: Option<usize>,
    pub resource: Option<usize>,
    /// Id of the row, by which two equal rows are one.
    pub row_id: Option<usize>,
}

/// Columns that a bill of the format must have: amount, currency, start of the charge, start of the billing period, billing
/// account.
const REQUIRED: [(BillFormat, [&str; 5]); 2] = [
    (
        BillFormat::Focus,
        [
            "EffectiveCost",
            "BillingCurrency",
            "ChargePeriodStart",
            "BillingPeriodStart",
            "BillingAccountId",
        ],
    ),
    (
        BillFormat::Cur,
        [
            "line_item_unblended_cost",
            "line_item_currency_code",
            "line_item_usage_start_date",
            "bill_billing_period_start_date",
            "bill_payer_account_id",
        ],
    ),
];

/// Other columns that are read: provider, account, region, service, resource, id of the row.
const OPTIONAL: [(BillFormat, [&[&str]; 6]); 2] = [
    (
        BillFormat::Focus,
        [
            &["ProviderName", "ServiceProviderName"],
            &["SubAccountId"],
            &["RegionId"],
            &["ServiceName"],
            &["ResourceId"],
            &["Id"],
        ],
    ),
    (
        BillFormat::Cur,
        [
            &[],
            &["line_item_usage_account_id"],
            &["product_region_code", "product_region"],
            &["line_item_product_code"],
            &["line_item_resource_id"],
            &["identity_line_item_id"],
        ],
    ),
];

/// Name of a column without case and separators: `lineItem/UnblendedCost` of older reports is `line_item_unblended_cost`.
fn folded(name: &str) -> String {
    let kept = name.chars().filter(|letter| letter.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// True for a column that is read in some format.
pub(super) fn is_known(name: &str) -> bool {
    let name = folded(name);
    let required = REQUIRED.iter().flat_map(|(_, names)| names.iter());
    let optional = OPTIONAL
        .iter()
        .flat_map(|(_, names)| names.iter().copied().flatten());
    required.chain(optional).any(|known| folded(known) == name)
}

impl BillColumns {
    /// Finds the columns in a header.
    pub fn find(header: &[String]) -> Result<Self, ReadError> {
        let header: Vec<String> = header.iter().map(|name| folded(name)).collect();
        let at = |name: &&str| header.iter().position(|cell| *cell == folded(name));
        for ((format, required), (_, optional)) in REQUIRED.iter().zip(OPTIONAL) {
            let required = required.each_ref().map(at);
            let [
                Some(amount),
                Some(currency),
                Some(charge_start),
                Some(period_start),
                Some(billing_account),
            ] = required
            else {
                continue;
            };
            let [provider, account, region, service, resource, row_id] =
                optional.map(|names| names.iter().find_map(at));
            return Ok(Self {
                format: *format,
                amount,
                currency,
                charge_start,
                period_start,
                billing_account,
                provider,
                account,
                region,
                service,
                resource,
                row_id,
            });
        }
        Err(ReadError::Format(
            "is no bill: FOCUS has the columns EffectiveCost, BillingCurrency, ChargePeriodStart, BillingPeriodStart and \
             BillingAccountId; CUR has line_item_unblended_cost, line_item_currency_code, line_item_usage_start_date, \
             bill_billing_period_start_date and bill_payer_account_id",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{BillColumns, BillFormat};

    fn find(header: &str) -> Option<BillColumns> {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        BillColumns::find(&header).ok()
    }

    #[test]
    fn formats_are_told_by_their_columns() {
        let focus =
            "BillingAccountId,BillingPeriodStart,ChargePeriodStart,BillingCurrency,EffectiveCost,ResourceId";
        let focus = find(focus).unwrap();
        assert_eq!(
            (focus.format, focus.amount, focus.resource),
            (BillFormat::Focus, 4, Some(5))
        );
        assert_eq!((focus.provider, focus.row_id), (None, None));
        let modern = "identity_line_item_id,bill_payer_account_id,bill_billing_period_start_date,\
            line_item_usage_start_date,line_item_currency_code,line_item_unblended_cost,product_region_code";
        let older = "identity/LineItemId,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageStartDate,\
            lineItem/CurrencyCode,lineItem/UnblendedCost,product/regionCode";
        let modern = find(modern).unwrap();
        assert_eq!(
            (modern.format, modern.amount, modern.region),
            (BillFormat::Cur, 5, Some(6))
        );
        assert_eq!(find(older), Some(modern));
        assert_eq!(find("resource_id,EffectiveCost"), None);
    }
}
