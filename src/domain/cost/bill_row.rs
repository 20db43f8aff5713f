//! Row of a bill: the texts that providers write, as they are compared and stored.

use super::amount::Amount;
use super::bill_columns::{BillColumns, BillFormat};
use crate::domain::discovery::Rejection;
use crate::domain::discovery::identity::resource_key;
use chrono::{Datelike, NaiveDate};

/// Longest id of a resource, in bytes.
const MAX_ID: usize = 2048;
/// Longest other text, in bytes.
const MAX_TEXT: usize = 512;
/// Name of the provider that makes Cost and Usage Reports, as FOCUS has it.
const AWS: &str = "AWS";

/// Charges that are added up: all that a row tells besides its amount.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BilledItem {
    pub provider: String,
    pub billing_account_id: String,
    pub period_start: NaiveDate,
    /// First day of the month in which the charge began.
    pub month: NaiveDate,
    pub currency: String,
    pub account_id: String,
    pub region: Option<String>,
    pub service: Option<String>,
    /// Resource as the bill names it, in the case in which ids of its cloud are compared.
    pub billed_id: Option<String>,
}

/// Reader of the cells of one record, which collects its faults.
struct CellReader<'a> {
    cells: &'a [String],
    header: &'a [String],
    faults: Vec<Rejection>,
}

impl<'a> CellReader<'a> {
    /// Text of a cell; `None` where there is none, or the four letters NULL, which exports of databases write.
    fn text(&mut self, column: Option<usize>, most: usize) -> Option<&'a str> {
        let column = column?;
        let text = self.cells[column].trim();
        if text.is_empty() || text.eq_ignore_ascii_case("null") {
            return None;
        }
        if text.len() > most || text.contains(char::is_control) {
            let why = format!("must have at most {most} bytes and no control characters");
            self.refuse(column, why);
            return None;
        }
        Some(text)
    }

    fn required(&mut self, column: usize) -> &'a str {
        let before = self.faults.len();
        let text = self.text(Some(column), MAX_TEXT);
        if text.is_none() && self.faults.len() == before {
            self.refuse(column, "must not be empty");
        }
        text.unwrap_or_default()
    }

    fn refuse(&mut self, column: usize, why: impl Into<String>) {
        let fault = Rejection::of(&self.header[column], &self.cells[column], why);
        self.faults.push(fault);
    }

    /// Day of a time in UTC, such as `2024-09-18 22:00:00`.
    fn day(&mut self, column: usize) -> NaiveDate {
        let before = self.faults.len();
        let text = self.required(column);
        let day = text.get(..10).and_then(|day| day.parse().ok());
        // Years as PostgreSQL has them.
        let day = day.filter(|day: &NaiveDate| day.year() > 0);
        let is_end = |rest: &str| rest.is_empty() || rest.starts_with(['T', 't', ' ']);
        let day = day.filter(|_| text.get(10..).is_some_and(is_end));
        if day.is_none() && self.faults.len() == before {
            self.refuse(column, "is no time such as 2024-09-18T22:00:00Z");
        }
        day.unwrap_or_default()
    }
}

/// Reads a record; `Err` has all its faults.
pub(super) fn read(
    columns: &BillColumns,
    header: &[String],
    cells: &[String],
) -> Result<(BilledItem, Amount), Vec<Rejection>> {
    let mut reader = CellReader {
        cells,
        header,
        faults: Vec::new(),
    };
    let amount = reader.required(columns.amount);
    let parsed = Amount::parse(amount);
    if parsed.is_none() && !amount.is_empty() {
        reader.refuse(columns.amount, "is no decimal number");
    }
    let currency = reader.required(columns.currency).to_ascii_uppercase();
    let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_currency && !currency.is_empty() {
        reader.refuse(columns.currency, "is no currency of three letters, such as USD");
    }
    let month = reader.day(columns.charge_start);
    let period_start = reader.day(columns.period_start);
    let billing_account = reader.required(columns.billing_account);
    let provider = reader.text(columns.provider, MAX_TEXT);
    let provider = match columns.format {
        BillFormat::Cur => AWS,
        BillFormat::Focus => provider.unwrap_or("unknown"),
    };
    let account = reader.text(columns.account, MAX_TEXT).unwrap_or(billing_account);
    let billed_id = reader.text(columns.resource, MAX_ID);
    let billed_id = billed_id.map(|id| resource_key(id).into_owned());
    let item = BilledItem {
        provider: provider.to_owned(),
        billing_account_id: billing_account.to_owned(),
        period_start,
        month: month.with_day(1).unwrap_or(month),
        currency,
        account_id: account_id(provider, account, billed_id.as_deref()),
        region: reader.text(columns.region, MAX_TEXT).map(str::to_owned),
        service: reader.text(columns.service, MAX_TEXT).map(str::to_owned),
        billed_id,
    };
    match (parsed, reader.faults.is_empty()) {
        (Some(amount), true) => Ok((item, amount)),
        _ => Err(reader.faults),
    }
}

/// Account as the inventory names it: a subscription without its path, and an AWS account of twelve digits, of which
/// spreadsheets drop leading zeros, or worse; then the ARN has it.
fn account_id(provider: &str, account: &str, billed_id: Option<&str>) -> String {
    if let Some(subscription) = account.to_lowercase().strip_prefix("/subscriptions/") {
        return subscription.trim_end_matches('/').to_owned();
    }
    let is_aws = provider.eq_ignore_ascii_case(AWS) || provider.to_ascii_lowercase().contains("amazon");
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_aws {
        return account.to_owned();
    }
    if is_number(account) && account.len() <= 12 {
        return format!("{account:0>12}");
    }
    let of_arn = billed_id.filter(|id| id.starts_with("arn:"));
    let of_arn = of_arn.and_then(|arn| arn.split(':').nth(4));
    let of_arn = of_arn.filter(|account| account.len() == 12 && is_number(account));
    of_arn.unwrap_or(account).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{BillColumns, read};

    const HEADER: &str = "ProviderName,BillingAccountId,BillingPeriodStart,ChargePeriodStart,BillingCurrency,EffectiveCost,\
        SubAccountId,RegionId,ServiceName,ResourceId";

    fn texts(row: &str) -> Vec<String> {
        row.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn texts_of_providers_are_read_in_one_spelling() {
        let header = texts(HEADER);
        let columns = BillColumns::find(&header).unwrap();
        let read = |row: &str| read(&columns, &header, &texts(row)).unwrap();
        let (item, amount) = read(
            "AWS,123,2024-09-01 00:00:00,2024-09-18 22:00:00,usd,0.0000008,51738928782,us-west-2,SQS,NULL",
        );
        assert_eq!(
            (item.month.to_string().as_str(), item.currency.as_str()),
            ("2024-09-01", "USD")
        );
        assert_eq!((item.account_id.as_str(), item.billed_id), ("051738928782", None));
        assert_eq!(amount.to_string(), "0.0000008");
        let arn = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
        let (item, _) = read(&format!(
            "AWS,123,2024-09-01,2024-09-30T23:00:00Z,USD,1,5.17E+10,,,{arn}"
        ));
        assert_eq!((item.account_id.as_str(), item.region), ("111122223333", None));
        let (item, _) = read(
            "Microsoft,b,2024-10-01T00:00Z,2024-09-30,EUR,-1,/Subscriptions/AB-1,,,/subscriptions/AB-1/X/Y",
        );
        assert_eq!(item.account_id, "ab-1");
        assert_eq!(item.billed_id.as_deref(), Some("/subscriptions/ab-1/x/y"));
        let (item, _) = read(",b,2024-10-01,2024-09-30,EUR,1,NULL,NULL,null,x");
        assert_eq!(
            (item.provider.as_str(), item.account_id.as_str(), item.service),
            ("unknown", "b", None)
        );
    }

    #[test]
    fn each_fault_of_a_row_names_its_column() {
        let header = texts(HEADER);
        let columns = BillColumns::find(&header).unwrap();
        let faults = read(
            &columns,
            &header,
            &texts("AWS,,2024-13-01,yesterday,dollars,ten,1,,,a\u{7}b"),
        )
        .unwrap_err();
        let faulty: Vec<_> = faults
            .iter()
            .map(|fault| fault.column.as_deref().unwrap())
            .collect();
        let expected = [
            "EffectiveCost",
            "BillingCurrency",
            "ChargePeriodStart",
            "BillingPeriodStart",
            "BillingAccountId",
            "ResourceId",
        ];
        assert_eq!(faulty, expected);
        for (row, reason) in [
            ("AWS,b,2024-09-01,2024-09-01,USD,NULL,1,,,", "must not be empty"),
            (
                "AWS,b,2024-09-01,0000-01-01,USD,1,1,,,",
                "is no time such as 2024-09-18T22:00:00Z",
            ),
        ] {
            let faults = read(&columns, &header, &texts(row)).unwrap_err();
            assert_eq!(faults[0].reason, reason);
        }
    }
}
