//! Steps of the gateway for a document before it is executed: counting its tokens, parsing and measuring it, finding it in
//! the cache, and computing its cost. Beside them the parser alone, which every server needs.

#![expect(clippy::unwrap_used, reason = "a failure ends the benchmark")]

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use virtual_tagging::config::Limits;
use virtual_tagging::gateway::cost;
use virtual_tagging::gateway::document::Document;
use virtual_tagging::gateway::document_cache::DocumentCache;
use virtual_tagging::gateway::lexical_limits;

/// Query of the approval queue of a web page.
const PAGE: &str = include_str!("../bench/queue-page.graphql");

/// Document as large as the limits allow: many fields, and comments between them.
fn large(limits: &Limits) -> String {
    let field = format!("viewer {{ subject role }} # {}\n", "x".repeat(300));
    let times = Ord::min(limits.document_bytes / field.len(), limits.root_fields) - 1;
    let comments = "#\n".repeat((limits.document_bytes - times * field.len()) / 2 - 10);
    format!("{{ {}{comments} }}", field.repeat(times))
}

fn documents(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, text) in [("queue page", PAGE.to_owned()), ("128 KB", large(&limits))] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("lexical limits", |bencher| {
            bencher.iter(|| lexical_limits::check(black_box(&text), &limits).unwrap());
        });
        group.bench_function("parser alone", |bencher| {
            bencher.iter(|| parse_query(black_box(&text)).unwrap());
        });
        group.bench_function("limits and parser", |bencher| {
            bencher.iter(|| Document::parse(black_box(&text), &limits).unwrap());
        });
        let cache = DocumentCache::new(limits);
        group.bench_function("found in the cache", |bencher| {
            bencher.iter(|| cache.get(black_box(&text)).unwrap());
        });
        let (parsed, variables) = (parse_query(&text).unwrap(), Variables::default());
        let (_, operation) = parsed.operations.iter().next().unwrap();
        group.bench_function("cost", |bencher| {
            bencher.iter(|| cost::of(black_box(&parsed), &operation.node, &variables));
        });
        group.finish();
    }
}

criterion_group!(benches, documents);
criterion_main!(benches);
