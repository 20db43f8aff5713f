//! Security Token Service: the account that credentials belong to.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::AwsCredentials;
use super::service::AwsService;
use crate::error_body::xml_text;
use crate::{ApiError, ApiErrorKind, ApiRate, CloudClient};

const RATE: ApiRate = ApiRate::per_second(10);

/// Account of the caller, by `GetCallerIdentity`, which needs no right.
///
/// # Errors
/// As [`CloudClient::bytes`]; an answer without an account.
pub async fn caller_account(
    client: &CloudClient,
    credentials: &AwsCredentials,
    region: &str,
) -> Result<String, ApiError> {
    let service = AwsService::new(credentials, "sts", "", region);
    let target = service.target("sts:GetCallerIdentity", RATE);
    let mut request = service.post(target, "/", &())?.with_header(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request.body = Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15");
    let answer = client.bytes(&request, service.signer().as_ref()).await?;
    xml_text(&String::from_utf8_lossy(&answer), "Account").ok_or_else(|| {
        let reason = "the answer names no account";
        ApiError::new(&request.target, ApiErrorKind::Protocol, reason)
    })
}
