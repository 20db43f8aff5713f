//! Uploads, as in the GraphQL multipart request specification: `operations`, `map`, then the files.
//!
//! Parts are checked in this order, each before the next is read: the texts before the files are a request like any
//! other, with its limits and its cost, and a file is stored only for a mutation that takes it, of a caller who may send
//! it. The extractor of async-graphql-axum (7.0.19) reads all parts before it checks any, and has no bound but the
//! body's: 40 MB of `operations` took 3.7 GB and 17 s, and files of callers who may send none went to disk.
//! Its options cannot be set (async-graphql issue 1220, where an extractor of one's own is recommended). Its `GraphQLResponse`
//! has one media type and always status 200 (issue 889), where GraphQL over HTTP wants 400 for a request that is not
//! executed. Its `GraphQLWebSocket` parses messages before anything can charge or bound them, and executes a subscription
//! for each socket, where equal ones are shared here (`http/fanout`).

mod multipart;
mod upload_paths;
mod upload_rate;

use crate::auth::Actor;
use crate::domain::imports;
use crate::error::Error;
use crate::gateway::AdmittedOperation;
use crate::gateway::caller_limit::Permit;
use crate::gateway::rate_limit::{FILE_BYTES, Meter};
use crate::gateway::values::FILE_NAME;
use crate::graphql::error::Code;
use crate::http::error::{HttpError, RequestError};
use crate::http::graphql::body::check_json;
use crate::http::state::SharedHttpState;
use crate::http::{graphql::request, limits};
use async_graphql::parser::types::OperationType;
use async_graphql::{UploadValue, Value, Variables};
use axum::body::Body;
use multipart::{MultipartPart, MultipartReader};
use serde_json::Map;
use std::fs::File;
use std::io::Seek;
use tokio::io::AsyncWriteExt;
use upload_paths::is_upload;
use upload_rate::UploadRate;

/// Operation with its files. They take disk as long as this lives.
pub struct Upload {
    /// Operation to execute.
    pub operation: AdmittedOperation,
    /// Permit for the files; none for an operation without files.
    pub permit: Option<Permit>,
}

/// Receives a multipart request: an operation that is admitted, and its files.
pub async fn receive(
    state: &SharedHttpState,
    actor: &Actor,
    boundary: String,
    body: Body,
) -> Result<Upload, RequestError> {
    let config = state.config.uploads;
    let gateway = state.executor.gateway();
    let body_bytes = gateway.limits().body_bytes;
    let mut parts = MultipartReader::new(body, boundary, config.bytes.max(body_bytes));
    let meter = gateway.text_meter(&actor.subject);
    let reading = read_texts(&mut parts, body_bytes, meter);
    let texts = tokio::time::timeout(limits::BODY_TIME, reading).await;
    let (operations, map) = texts.unwrap_or_else(|_late| Err(HttpError::slow_body()))?;
    let mut request = request::one(&operations)?;
    let files = mapped_files(&map)?;
    for (number, file) in files.iter().enumerate() {
        for path in &file.paths {
            name_file(&mut request.variables, path, number)?;
        }
    }
    let mut operation = state.executor.admit(request, actor)?;
    if files.is_empty() {
        parts.end().await?;
        return Ok(Upload {
            operation,
            permit: None,
        });
    }
    check_takes_files(&operation, &files, actor)?;
    let permit = state.uploads.try_acquire(&actor.subject, "uploads")?;
    let meter = gateway.rate_limiter().meter(&actor.subject, FILE_BYTES);
    let files = store_files(&mut parts, &files, UploadRate::new(config), meter).await?;
    operation.attach_files(files);
    Ok(Upload {
        operation,
        permit: Some(permit),
    })
}

/// Reads `operations` and `map`, which have as many bytes together as a body of JSON.
async fn read_texts(
    parts: &mut MultipartReader,
    most: usize,
    mut meter: Meter<'_>,
) -> Result<(Vec<u8>, Vec<u8>), HttpError> {
    let mut left = most;
    let mut texts = [Vec::new(), Vec::new()];
    for (name, text) in ["operations", "map"].into_iter().zip(&mut texts) {
        let part = parts.next().await?;
        let Some(mut part) = part.filter(|part| part.name() == Some(name)) else {
            let message = "the parts of a multipart request are operations, map, and then the files in it";
            return Err(HttpError::bad_request(message));
        };
        while let Some(piece) = part.piece().await? {
            left = left
                .checked_sub(piece.len())
                .ok_or_else(|| HttpError::body_too_large(most))?;
            meter.try_acquire(piece.len())?;
            text.extend_from_slice(&piece);
        }
        check_json(text)?;
    }
    let [operations, map] = texts;
    Ok((operations, map))
}

/// File that `map` announces.
struct MappedFile {
    /// Name of its part.
    part: String,
    /// Paths of the variables that it is the value of, as in `variables.input.file`.
    paths: Vec<String>,
}

/// Files of a `map`, of which there are a few at most.
fn mapped_files(map: &[u8]) -> Result<Vec<MappedFile>, HttpError> {
    let map: Map<String, serde_json::Value> = serde_json::from_slice(map)
        .map_err(|error| HttpError::bad_request(format!("map must be a JSON object: {error}")))?;
    let most = limits::UPLOAD_FILES;
    if map.len() > most {
        return Err(HttpError::bad_request(format!(
            "an upload has {most} files at most"
        )));
    }
    let files = map.into_iter().map(|(part, paths)| {
        let paths: Option<Vec<String>> = serde_json::from_value(paths).ok();
        let paths = paths.filter(|paths| (1..=most).contains(&paths.len()));
        let wrong = || HttpError::bad_request(format!("map must give each file a list of 1 to {most} paths"));
        paths.map(|paths| MappedFile { part, paths }).ok_or_else(wrong)
    });
    files.collect()
}

/// Steps of a path below `variables`.
fn steps(path: &str) -> Option<Vec<&str>> {
    Some(path.strip_prefix("variables.")?.split('.').collect())
}

/// Puts the name of a file in the place of `null`.
fn name_file(variables: &mut Variables, path: &str, number: usize) -> Result<(), HttpError> {
    let message = "map must name places in variables where null stands, like variables.file";
    let value = value_at(variables, path).filter(|value| **value == Value::Null);
    *value.ok_or_else(|| HttpError::bad_request(message))? = Value::String(format!("{FILE_NAME}{number}"));
    Ok(())
}

fn value_at<'a>(variables: &'a mut Variables, path: &str) -> Option<&'a mut Value> {
    let steps = steps(path)?;
    let (name, steps) = steps.split_first()?;
    steps
        .iter()
        .try_fold(variables.get_mut(*name)?, |within, step| match within {
            Value::Object(fields) => fields.get_mut(*step),
            Value::List(items) => items.get_mut(step.parse::<usize>().ok()?),
            _ => None,
        })
}

/// Passes a mutation whose variables take the files, of a caller who may send them.
fn check_takes_files(
    operation: &AdmittedOperation,
    files: &[MappedFile],
    actor: &Actor,
) -> Result<(), RequestError> {
    if operation.kind() != OperationType::Mutation {
        return Err(HttpError::bad_request("only mutations take files").into());
    }
    let definition = operation.document().operation(operation.name())?;
    let mut paths = files.iter().flat_map(|file| &file.paths);
    let takes = |path: &String| steps(path).is_some_and(|steps| is_upload(definition, &steps));
    if !paths.all(takes) {
        let message = "map names a variable that is no Upload";
        return Err(Code::BadUserInput.server_error(message).into());
    }
    // The resolvers of all fields that take files require the same.
    match imports::authorize(actor) {
        Err(Error::Forbidden(message)) => Err(Code::Forbidden.server_error(message).into()),
        other => Ok(other.map_err(HttpError::from)?),
    }
}

/// Stores the files on disk, in the order of the map. They have no name in the file system, and go when they are closed.
async fn store_files(
    parts: &mut MultipartReader,
    files: &[MappedFile],
    mut rate: UploadRate,
    mut meter: Meter<'_>,
) -> Result<Vec<UploadValue>, HttpError> {
    let mut stored: Vec<Option<UploadValue>> = files.iter().map(|_| None).collect();
    while let Some(mut part) = rate.wait(parts.next()).await?? {
        let number = files.iter().position(|file| part.name() == Some(&file.part));
        let Some(place) = number
            .and_then(|number| stored.get_mut(number))
            .filter(|place| place.is_none())
        else {
            return Err(HttpError::bad_request("a part is not in map, or comes twice"));
        };
        let Some(filename) = part.file_name() else {
            return Err(HttpError::bad_request("a file has no name"));
        };
        let content_type = part.content_type();
        let content = store_file(&mut part, &mut rate, &mut meter).await?;
        *place = Some(UploadValue {
            filename,
            content_type,
            content,
        });
    }
    let stored: Option<Vec<_>> = stored.into_iter().collect();
    stored.ok_or_else(|| HttpError::bad_request("a file of map did not come"))
}

async fn store_file(
    part: &mut MultipartPart<'_>,
    rate: &mut UploadRate,
    meter: &mut Meter<'_>,
) -> Result<File, HttpError> {
    let mut file =
        tokio::fs::File::from_std(tempfile::tempfile().map_err(|error| HttpError::not_stored(&error))?);
    while let Some(piece) = rate.wait(part.piece()).await?? {
        rate.record(piece.len());
        meter.try_acquire(piece.len())?;
        file.write_all(&piece)
            .await
            .map_err(|error| HttpError::not_stored(&error))?;
    }
    file.flush()
        .await
        .map_err(|error| HttpError::not_stored(&error))?;
    let mut file = file.into_std().await;
    file.rewind().map_err(|error| HttpError::not_stored(&error))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_takes_the_place_of_null_and_of_nothing_else() {
        let given = json!({"file": null, "input": {"files": [1, null]}, "name": "x"});
        for (path, expected) in [
            ("variables.file", Some("/file")),
            ("variables.input.files.1", Some("/input/files/1")),
            ("variables.input.files.0", None),
            ("variables.input.files.2", None),
            ("variables.input.files.x", None),
            ("variables.input.file", None),
            ("variables.name", None),
            ("variables.name.0", None),
            ("variables.", None),
            ("variables", None),
            ("0.variables.file", None),
            ("query", None),
            ("", None),
        ] {
            let mut variables = Variables::from_json(given.clone());
            let named = name_file(&mut variables, path, 7);
            assert_eq!(named.is_ok(), expected.is_some(), "{path}");
            let mut wanted = given.clone();
            if let Some(pointer) = expected {
                *wanted.pointer_mut(pointer).unwrap() = json!("#__graphql_file__:7");
            }
            assert_eq!(serde_json::to_value(&variables).unwrap(), wanted, "{path}");
        }
    }

    #[test]
    fn a_map_gives_a_few_files_their_places() {
        let files = |map: serde_json::Value| mapped_files(map.to_string().as_bytes());
        assert_eq!(files(json!({})).unwrap().len(), 0);
        assert_eq!(
            files(json!({"0": ["variables.a", "variables.b"]})).unwrap()[0]
                .paths
                .len(),
            2
        );
        let many = |count: usize| {
            (0..count)
                .map(|n| (n.to_string(), json!(["variables.a"])))
                .collect()
        };
        assert!(files(serde_json::Value::Object(many(10))).is_ok());
        for wrong in [
            serde_json::Value::Object(many(11)),
            json!([]),
            json!({"0": "variables.a"}),
            json!({"0": []}),
            json!({"0": [1]}),
            json!({"0": vec!["variables.a"; 11]}),
        ] {
            assert!(files(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
