//! The schema over HTTP as the library's own integration with axum serves it, and nothing else: no guard, no cache of
//! documents, no authentication, no limits. What `bench/edge.sh` measures the service's edge against.
//!
//! `DATABASE_URL=... bare PORT`, on a database that the service has migrated.

use anyhow::Context;
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use std::sync::Arc;
use tagging::{Thresholds, Vocabulary};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::clock::SystemClock;
use virtual_tagging::db::{PoolSettings, Pools, ReadPool};
use virtual_tagging::domain::evaluation::{DryRuns, EngineSettings};
use virtual_tagging::domain::events::{EventListener, Feed};
use virtual_tagging::domain::keyset::PageLimits;
use virtual_tagging::graphql::execution;
use virtual_tagging::graphql::schema::{self, Schema};
use virtual_tagging::graphql::state::{RequestId, Services};
use virtual_tagging::jobs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone)]
struct Bare {
    schema: Schema,
    services: Services,
}

async fn answer(State(bare): State<Arc<Bare>>, request: GraphQLRequest) -> GraphQLResponse {
    let actor = Actor {
        subject: "bare".into(),
        role: Role::Admin,
        scope: AccountScope::All,
        expires_at: None,
    };
    let id = RequestId("bare".into());
    let request = request.into_inner();
    let response = execution::execute(&bare.schema, &bare.services, request, Some(actor), id).await;
    response.into()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).context("bare PORT")?.parse()?;
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL")?;
    let db = Pools::open(url.parse()?, &PoolSettings::default()).await?.all;
    let listener = EventListener::default();
    let (tag_feed, resource_feed) = (
        Feed::open(db.clone(), &listener).await?,
        Feed::open(db.clone(), &listener).await?,
    );
    // What runs beside the requests in the service does so here.
    tokio::spawn(tag_feed.clone().run(CancellationToken::new()));
    tokio::spawn(resource_feed.clone().run(CancellationToken::new()));
    let services = Services {
        dry_runs: Arc::new(DryRuns::new(db.clone())),
        reads: ReadPool::all(db.clone()),
        scoped: ReadPool::scoped(db.clone()),
        db,
        clock: Arc::new(SystemClock),
        page_limits: PageLimits::default(),
        engine: EngineSettings {
            vocabulary: Arc::new(Vocabulary::default()),
            live: virtual_tagging::domain::vocabulary::LiveVocabulary::default(),
            thresholds: Thresholds::new(0.9, 0.7)?,
            pinned_model: None,
            models: Arc::default(),
        },
        jobs: jobs::definitions(),
        sources: Vec::new(),
        tag_feed,
        resource_feed,
        run_watcher: virtual_tagging::runs::RunWatcher::default(),
    };
    let bare = Bare {
        schema: schema::build(services.clone()),
        services,
    };
    let router = Router::new()
        .route("/graphql", post(answer))
        .with_state(Arc::new(bare));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
