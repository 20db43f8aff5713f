//! Events: the log, its order across replicas, and the subscriptions that read it.

mod feed;
mod notifications;
mod subscription_fanout;
mod subscriptions;
