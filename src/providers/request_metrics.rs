//! Metrics of requests to the clouds.

use std::time::Duration;

use cloud_api::{ApiTarget, RequestObserver};

use crate::telemetry::names;

/// Observer that counts requests by cloud, API and code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RequestMetrics;

impl RequestObserver for RequestMetrics {
    fn answered(&self, target: &ApiTarget, code: &str, elapsed: Duration) {
        let (cloud, api) = labels(target);
        metrics::counter!(names::CLOUD_REQUESTS, "cloud" => cloud, "api" => api, "code" => code.to_owned())
            .increment(1);
        metrics::histogram!(names::CLOUD_REQUEST_SECONDS, "cloud" => cloud, "api" => api).record(elapsed);
    }

    fn throttled(&self, target: &ApiTarget) {
        let (cloud, api) = labels(target);
        metrics::counter!(names::CLOUD_THROTTLES, "cloud" => cloud, "api" => api).increment(1);
    }

    fn page(&self, target: &ApiTarget) {
        let (cloud, api) = labels(target);
        metrics::counter!(names::CLOUD_PAGES, "cloud" => cloud, "api" => api).increment(1);
    }
}

fn labels(target: &ApiTarget) -> (&'static str, &'static str) {
    (target.platform.label(), target.api)
}
