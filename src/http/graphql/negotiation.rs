//! Content negotiation: the media type of a response, by `Accept`.

use axum::http::{HeaderMap, header};

/// Media type that `/graphql` can respond with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`.
    Json,
    /// `application/graphql-response+json`.
    GraphqlResponse,
    /// `text/html`: GraphiQL, by GET only.
    Html,
}

impl Media {
    /// Value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// Media type that the caller prefers (the highest `q`, then the first named); JSON without `Accept`. `None` when no
/// acceptable type can be given.
pub fn accepted(headers: &HeaderMap) -> Option<Media> {
    let mut best: Option<(Media, f32)> = None;
    let mut is_named = false;
    for value in headers.get_all(header::ACCEPT) {
        // A value that is no text names no known type.
        for range in value.to_str().unwrap_or("unreadable").split(',') {
            if range.trim().is_empty() {
                continue;
            }
            is_named = true;
            let (media, quality) = parse(range);
            if let Some(media) = media
                && quality > 0.0
                && best.is_none_or(|(_, so_far)| quality > so_far)
            {
                best = Some((media, quality));
            }
        }
    }
    if is_named {
        best.map(|(media, _)| media)
    } else {
        Some(Media::Json)
    }
}

fn parse(range: &str) -> (Option<Media>, f32) {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "application/json" | "application/*" | "*/*" => Some(Media::Json),
        "application/graphql-response+json" => Some(Media::GraphqlResponse),
        "text/html" => Some(Media::Html),
        _ => None,
    };
    let mut quality = 1.0;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = value.parse().unwrap_or(1.0),
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return (None, 0.0),
            _ => {}
        }
    }
    (media, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_type_wins() {
        for (accept, expected) in [
            ("", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/json", Some(Media::Json)),
            ("application/graphql-response+json", Some(Media::GraphqlResponse)),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(Media::GraphqlResponse),
            ),
            (
                "application/graphql-response+json;q=0.5, application/json",
                Some(Media::Json),
            ),
            ("application/json; charset=utf-8", Some(Media::Json)),
            ("application/json; charset=iso-8859-1", None),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some(Media::Html),
            ),
            ("text/plain", None),
            ("image/png, application/json;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(accepted(&headers), expected, "{accept}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Some(Media::Json));
    }
}
