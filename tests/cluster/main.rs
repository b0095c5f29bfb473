//! Several Jeton processes on one Redis Cluster, as in production: the program itself, real sockets.
//!
//! `JETON_TEST_CLUSTER` names the cluster; without it every test fails. What harms a cluster has one of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the flows of tests/login use all of it")]
#[path = "../login/browser.rs"]
mod browser;
mod caller;
mod commands;
mod delays;
mod failures;
mod keys;
mod login;
mod logout_notice;
mod monitor;
mod node;
#[path = "../contract/own_cluster.rs"]
mod own_cluster;
mod races;
mod refresh;
mod revocation;
mod tenants;
mod world;
