//! Account that a cloud's own id of a resource names.
//!
//! An id belongs to one account. If it were accepted for another, a caller limited to that other account could describe,
//! and tag, a resource that the id's account has or is going to have.

use std::borrow::Cow;

use crate::domain::Cloud;

/// Account as an id names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NamedAccount<'a> {
    cloud: Cloud,
    id: &'a str,
    /// Account that the resource itself is, where an organization's id names it beside the account that manages it.
    member: Option<&'a str>,
}

/// Reason to reject an id that names another account than the report does.
///
/// Ids that cannot be compared pass: those without an account (buckets, `arn:aws:iam::aws:policy/...`), and those where
/// one side is the number of a project and the other its id, or the account is an alias.
pub(super) fn foreign_account(cloud: Cloud, account_id: &str, resource_id: &str) -> Option<String> {
    let named = named_account(resource_id, cloud)?;
    if named.cloud != cloud {
        Some(format!("is an id of {:?}, not of {cloud:?}", named.cloud))
    } else if named.is_other_than(account_id) {
        Some(format!("names the account {}, not account_id", named.id))
    } else {
        None
    }
}

/// Key by which resources are the same: Azure compares ids without regard to case, and its own sources differ in it. The
/// column `resources.resource_key` has the same.
pub(in crate::domain) fn resource_key(resource_id: &str) -> Cow<'_, str> {
    if resource_id.starts_with('/') && !resource_id.starts_with("//") {
        Cow::Owned(resource_id.to_ascii_lowercase())
    } else {
        Cow::Borrowed(resource_id)
    }
}

/// Type as resources of a cloud have it: those of Azure have no case, and its sources differ in it.
pub(super) fn type_of(cloud: Cloud, resource_type: String) -> String {
    match cloud {
        Cloud::Azure => resource_type.to_lowercase(),
        Cloud::Aws | Cloud::Gcp => resource_type,
    }
}

/// Type as resources have it: those of Azure are lower-case, whatever the case in which somebody asks for them.
pub fn written_type(resource_type: &str) -> String {
    let namespace = resource_type
        .split('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if namespace.contains('.') && resource_type.contains('/') && !namespace.ends_with(".googleapis.com") {
        resource_type.to_lowercase()
    } else {
        resource_type.to_owned()
    }
}

/// The account that a spreadsheet has spoiled, as the id names it: spreadsheets drop leading zeros and round long numbers
/// (`1.23457E+11`), and consoles write hyphens. `None` for an account that is as it should be.
///
/// # Errors
/// The reason why an account that is spoiled cannot be mended.
pub(super) fn mended_account(
    cloud: Cloud,
    account_id: &str,
    resource_id: &str,
) -> Result<Option<String>, String> {
    let named = named_account(resource_id, cloud).filter(|named| named.cloud == Cloud::Aws);
    if let Some((number, precision)) = rounded(account_id) {
        let fits = |id: &&str| id.parse::<f64>().is_ok_and(|id| (id - number).abs() <= precision);
        let id = named.map(|named| named.id).filter(fits);
        let reason = "was rounded by a spreadsheet; give the column the format of text";
        return id.map(|id| Some(id.to_owned())).ok_or_else(|| reason.to_owned());
    }
    if cloud != Cloud::Aws {
        return Ok(None);
    }
    let digits = account_id
        .trim_start_matches('\'')
        .trim_end_matches(".0")
        .replace(['-', ' '], "");
    if !is_number(&digits) || digits.len() > 12 {
        return Ok(None);
    }
    let same = |id: &&str| id.trim_start_matches('0') == digits.trim_start_matches('0');
    let whole = match named.map(|named| named.id) {
        Some(id) if same(&id) => id.to_owned(),
        None if (9..12).contains(&digits.len()) => {
            let count = digits.len();
            return Err(format!(
                "has {count} digits where accounts of AWS have 12: a spreadsheet drops leading zeros; give the column the \
                 format of text"
            ));
        }
        _ if digits.len() == 12 => digits,
        _ => return Ok(None),
    };
    Ok((whole != account_id).then_some(whole))
}

/// Number in the scientific form in which spreadsheets show long ones, and how far the exact one may be from it.
fn rounded(text: &str) -> Option<(f64, f64)> {
    let text = text.replace(',', ".");
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_number(whole)
        || whole.len() != 1
        || !(fraction.is_empty() || is_number(fraction))
        || !is_number(exponent)
    {
        return None;
    }
    let exponent: i32 = exponent.parse().ok().filter(|exponent| *exponent >= 9)?;
    let digits = i32::try_from(fraction.len()).ok()?;
    let number = format!("{mantissa}e{exponent}").parse().ok()?;
    Some((number, 10f64.powi(exponent - digits)))
}

/// True if the id itself names the account.
pub(in crate::domain) fn names_account(cloud: Cloud, account_id: &str, resource_id: &str) -> bool {
    named_account(resource_id, cloud).is_some_and(|named| {
        named.cloud == cloud
            && (named.id.eq_ignore_ascii_case(account_id) || named.member == Some(account_id))
    })
}

fn named_account(id: &str, cloud: Cloud) -> Option<NamedAccount<'_>> {
    of_arn(id).or_else(|| of_azure(id)).or_else(|| of_gcp(id, cloud))
}

/// Account of `arn:partition:service:region:account:resource`. A text that is no number is no account: `aws`, `redacted`.
fn of_arn(id: &str) -> Option<NamedAccount<'_>> {
    let mut parts = id.splitn(6, ':');
    if parts.next()? != "arn" || !parts.next()?.starts_with("aws") {
        return None;
    }
    let service = parts.next()?;
    let account = parts.nth(1).filter(|account| is_aws_account(account))?;
    let resource = parts.next()?;
    let is_member = service == "organizations" && resource.starts_with("account/");
    let member = resource.rsplit('/').next().filter(|_| is_member);
    Some(NamedAccount {
        cloud: Cloud::Aws,
        id: account,
        member,
    })
}

fn is_aws_account(text: &str) -> bool {
    text.len() == 12 && is_number(text)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Subscription of `/subscriptions/ID/...`, regardless of case.
fn of_azure(id: &str) -> Option<NamedAccount<'_>> {
    let mut segments = id.strip_prefix('/')?.split('/');
    if !segments.next()?.eq_ignore_ascii_case("subscriptions") {
        return None;
    }
    let id = segments.next().filter(|id| !id.is_empty())?;
    Some(NamedAccount {
        cloud: Cloud::Azure,
        id,
        member: None,
    })
}

/// Project of `//SERVICE.googleapis.com/projects/PROJECT/...`; for reports of Google also of `projects/PROJECT/...`, and of
/// links such as `https://www.googleapis.com/compute/v1/projects/PROJECT/...`.
fn of_gcp(id: &str, cloud: Cloud) -> Option<NamedAccount<'_>> {
    let rest = if let Some(full) = id.strip_prefix("//") {
        let (service, path) = full.split_once('/')?;
        service.ends_with(".googleapis.com").then_some(path)?
    } else if let Some(link) = id.strip_prefix("https://") {
        let (host, path) = link.split_once('/')?;
        let path = host.ends_with(".googleapis.com").then_some(path)?;
        // Behind the service and its version.
        let start = path
            .find("/projects/")
            .filter(|at| path[..*at].matches('/').count() < 2)?;
        &path[start + 1..]
    } else {
        (cloud == Cloud::Gcp).then_some(id)?
    };
    let project = rest.strip_prefix("projects/")?.split('/').next()?;
    // `projects/_/buckets/...` and `projects/-/...` stand for any project.
    let id = Some(project).filter(|id| !matches!(*id, "" | "_" | "-"))?;
    Some(NamedAccount {
        cloud: Cloud::Gcp,
        id,
        member: None,
    })
}

impl NamedAccount<'_> {
    /// True if both are known to be different accounts.
    fn is_other_than(&self, account: &str) -> bool {
        match self.cloud {
            Cloud::Aws => is_other_aws(self.id, account) && self.member != Some(account),
            Cloud::Gcp => is_other_project(self.id, without_prefix(account, "projects/")),
            Cloud::Azure => {
                let account = without_prefix(account, "/subscriptions/");
                is_guid(self.id) == is_guid(account) && !self.id.eq_ignore_ascii_case(account)
            }
        }
    }
}

/// Compares AWS accounts: consoles write 1111-2222-3333, and spreadsheets drop leading zeros. A text that is no number
/// is an alias.
fn is_other_aws(id: &str, account: &str) -> bool {
    let account = account.replace('-', "");
    is_number(&account) && id.trim_start_matches('0') != account.trim_start_matches('0')
}

/// Compares projects: a number and an id may be the same project; a text that cannot be an id is a name.
fn is_other_project(id: &str, account: &str) -> bool {
    let is_id = |text: &str| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte);
        !is_number(text) && text.bytes().all(letters)
    };
    let comparable = (is_number(id) && is_number(account)) || (is_id(id) && is_id(account));
    comparable && id != account
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => &text[prefix.len()..],
        _ => text,
    }
}

/// True for 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').all(digits) && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::foreign_account;
    use crate::domain::Cloud::{Aws, Azure, Gcp};

    const GUID: &str = "5D2C7A10-6f1e-4b7c-9a53-0c1de2f3a401";

    #[test]
    fn an_id_that_names_another_account_is_refused() {
        let other_guid = format!("/subscriptions/{}/resourceGroups/rg", GUID.replace("5D", "6D"));
        for (cloud, account, id) in [
            (Aws, "111122223333", "arn:aws:sqs:eu-west-1:444455556666:orders"),
            (Aws, "111122223333", "arn:aws-cn:iam::444455556666:role/a:b"),
            (
                Aws,
                "111122223333",
                "arn:aws:organizations::444455556666:account/o-x/777788889999",
            ),
            (Aws, "1111-2222-3333", "arn:aws:sqs:eu-west-1:444455556666:orders"),
            (
                Gcp,
                "acme-data",
                "//pubsub.googleapis.com/projects/acme-ml/topics/t",
            ),
            (
                Gcp,
                "example.com:data",
                "//pubsub.googleapis.com/projects/example.com:ml/topics/t",
            ),
            (
                Gcp,
                "123456",
                "//cloudresourcemanager.googleapis.com/projects/654321",
            ),
            (Gcp, "acme-data", "projects/acme-ml/topics/t"),
            (
                Gcp,
                "acme-data",
                "https://www.googleapis.com/compute/v1/projects/acme-ml/zones/z/disks/d",
            ),
            (
                Gcp,
                "acme-data",
                "https://container.googleapis.com/v1/projects/acme-ml/locations/l",
            ),
            (Azure, GUID, &other_guid),
            (Azure, "sub-a", "/SUBSCRIPTIONS/sub-b/resourceGroups/rg"),
            // Whatever is said of the cloud.
            (Gcp, "acme-data", "arn:aws:sqs:eu-west-1:444455556666:orders"),
            (
                Aws,
                "111122223333",
                "//pubsub.googleapis.com/projects/acme-ml/topics/t",
            ),
            (Aws, "111122223333", &other_guid),
        ] {
            assert!(foreign_account(cloud, account, id).is_some(), "{account} {id}");
        }
        let reason = foreign_account(Aws, "111122223333", "arn:aws:sqs:eu-west-1:444455556666:orders");
        assert_eq!(reason.unwrap(), "names the account 444455556666, not account_id");
    }

    #[test]
    fn an_id_that_does_not_is_taken() {
        let guid = format!("/subscriptions/{}/resourceGroups/rg", GUID.to_lowercase());
        let prefixed = format!("/Subscriptions/{GUID}");
        for (cloud, account, id) in [
            (Aws, "111122223333", "arn:aws:sqs:eu-west-1:111122223333:orders"),
            (Aws, "1111-2222-3333", "arn:aws:sqs:eu-west-1:111122223333:orders"),
            (Aws, "11122223333", "arn:aws:sqs:eu-west-1:011122223333:orders"),
            (Aws, "payments-prod", "arn:aws:sqs:eu-west-1:111122223333:orders"),
            (Aws, "111122223333", "arn:aws:s3:::a-bucket"),
            (Aws, "111122223333", "arn:aws:iam::aws:policy/AdministratorAccess"),
            (Aws, "111122223333", "arn:aws:iam::redacted:role/r"),
            (
                Aws,
                "111122223333",
                "arn:aws:kms:us-east-1:alias/aws/mq:key/0d543df5",
            ),
            (
                Aws,
                "111122223333",
                "arn:aws:organizations::444455556666:account/o-x/111122223333",
            ),
            (
                Aws,
                "444455556666",
                "arn:aws:organizations::444455556666:account/o-x/111122223333",
            ),
            (Aws, "111122223333", "i-0123456789abcdef0"),
            (Aws, "111122223333", "projects/acme-ml/x"),
            (
                Gcp,
                "acme-data",
                "//pubsub.googleapis.com/projects/acme-data/topics/t",
            ),
            (
                Gcp,
                "acme-data",
                "//cloudresourcemanager.googleapis.com/projects/123456",
            ),
            (
                Gcp,
                "123456",
                "//pubsub.googleapis.com/projects/acme-data/topics/t",
            ),
            (
                Gcp,
                "projects/acme-data",
                "//pubsub.googleapis.com/projects/acme-data/topics/t",
            ),
            (
                Gcp,
                "Acme Data",
                "//pubsub.googleapis.com/projects/acme-data/topics/t",
            ),
            (Gcp, "acme-data", "//storage.googleapis.com/acme-raw"),
            (
                Gcp,
                "acme-data",
                "//storage.googleapis.com/projects/_/buckets/acme-raw",
            ),
            (Gcp, "acme-data", "https://example.com/projects/acme-ml"),
            (Azure, GUID, &guid),
            (Azure, &prefixed, &guid),
            (Azure, "Pay as you go", &guid),
            (Azure, GUID, "/providers/Microsoft.Management/managementGroups/m"),
        ] {
            assert_eq!(foreign_account(cloud, account, id), None, "{account} {id}");
        }
    }
}
