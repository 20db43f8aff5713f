//! ARNs: the account, the region and the type that they name.

use super::cloud_format::RawEntry;
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;

/// Parts of `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arn<'a> {
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (_partition, service, _region) = (parts.next()?, parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        (!service.is_empty() && !resource.is_empty()).then_some(Self {
            service,
            account,
            resource,
        })
    }

    /// Account of twelve digits; `None` for buckets, hosted zones and what AWS itself owns.
    pub fn account(&self) -> Option<&'a str> {
        let is_account = self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit());
        is_account.then_some(self.account)
    }

    /// Type as `service/type`; `None` where the ARN has a name alone.
    pub fn resource_type(&self) -> Option<String> {
        let resource = self.resource;
        let kind = match self.service {
            "s3" if !resource.contains(['/', ':']) => "bucket",
            "s3" if self.account.is_empty() => "object",
            "sqs" => "queue",
            "sns" if !resource.contains(':') => "topic",
            "sns" => "subscription",
            "codepipeline" if !resource.contains([':', '/']) => "pipeline",
            "codecommit" if !resource.contains([':', '/']) => "repository",
            "apigateway" => {
                // `/restapis/ID/stages/NAME`: the last of the names of lists.
                resource.trim_start_matches('/').split('/').step_by(2).last()?
            }
            "wafv2" => resource
                .split('/')
                .find(|part| !matches!(*part, "regional" | "global"))?,
            _ => resource.split_once(['/', ':'])?.0,
        };
        (!kind.is_empty()).then(|| format!("{}/{kind}", self.service))
    }
}

/// ARN without blanks around it; a log group is the same with and without the wildcard of its streams.
pub(super) fn bare_arn(arn: &str) -> &str {
    let arn = arn.trim();
    match arn.strip_suffix(":*") {
        Some(group) if arn.contains(":log-group:") => group,
        _ => arn,
    }
}

/// Fields that follow from an ARN. `account` is the one to take where the ARN names none, and `stated_type` the type that
/// the file states.
pub(super) fn resource_of_arn(arn: &str, account: Option<&str>, stated_type: Option<String>) -> RawEntry {
    let arn = bare_arn(arn);
    let Some(parts) = Arn::parse(arn) else {
        return Err(Rejection::of("resource_id", arn, "is not an ARN"));
    };
    let account = parts.account().or(account).map(str::to_owned);
    let mut raw = RawResource {
        cloud: Some("aws".to_owned()),
        resource_type: parts.resource_type().or(stated_type),
        ..RawResource::default()
    };
    if account.is_none() {
        let reason = "the ARN names no account: give the account of the file (--account, accountId)";
        raw.faults.push(Rejection::of("account_id", arn, reason));
    }
    raw.account_id = account;
    raw.resource_id = Some(arn.to_owned());
    Ok(raw)
}

/// Type of `service:type`, as Resource Explorer writes it, in the spelling `service/type`.
pub(super) fn slashed_type(stated: &str) -> String {
    stated.replacen(':', "/", 1)
}

/// Region, without the word for none.
pub(super) fn region(stated: Option<String>) -> Option<String> {
    stated.filter(|region| !region.eq_ignore_ascii_case("global"))
}

/// Takes the name from the tag `Name`, where there is no other.
pub(super) fn name_by_tag(raw: &mut RawResource) {
    if raw.name.is_none() {
        let name = raw
            .native_tags
            .get("Name")
            .or_else(|| raw.edited_tags.get("Name"));
        raw.name = name.filter(|name| !name.trim().is_empty()).cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::{Arn, slashed_type};

    #[test]
    fn types_are_those_of_the_inventory() {
        for (arn, expected) in [
            ("arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "ec2/instance"),
            ("arn:aws:s3:::a-bucket", "s3/bucket"),
            (
                "arn:aws:s3:eu-west-1:111122223333:accesspoint/a",
                "s3/accesspoint",
            ),
            ("arn:aws:sqs:eu-west-1:111122223333:orders", "sqs/queue"),
            ("arn:aws:sns:eu-west-1:111122223333:alarms", "sns/topic"),
            ("arn:aws:rds:eu-west-1:111122223333:db:main", "rds/db"),
            (
                "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b",
                "logs/log-group",
            ),
            (
                "arn:aws:states:eu-west-1:111122223333:stateMachine:s",
                "states/stateMachine",
            ),
            (
                "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/5",
                "elasticloadbalancing/loadbalancer",
            ),
            (
                "arn:aws:apigateway:eu-west-1::/restapis/x/stages/prod",
                "apigateway/stages",
            ),
            (
                "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/w/1",
                "wafv2/webacl",
            ),
            ("arn:aws:route53:::hostedzone/Z1", "route53/hostedzone"),
            (
                "arn:aws:codepipeline:eu-west-1:111122223333:deploy",
                "codepipeline/pipeline",
            ),
        ] {
            assert_eq!(
                Arn::parse(arn).unwrap().resource_type().unwrap(),
                expected,
                "{arn}"
            );
        }
        assert_eq!(slashed_type("ec2:instance"), "ec2/instance");
        assert!(Arn::parse("i-1").is_none() && Arn::parse("arn:aws:ec2").is_none());
    }
}
