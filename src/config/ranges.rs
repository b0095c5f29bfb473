//! Ranges of the sections whose numbers are used as they are: a table, checked when the configuration is read.

use super::error::within;
use super::{Config, ConfigError, StoreKind};

/// Refuses a number out of its range, naming its key.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    embedded(&config.embedded)?;
    cluster(&config.cluster)?;
    keys(&config.keys)?;
    passwords(&config.passwords)?;
    ring(&config.ring)?;
    cache(&config.cache)?;
    audit(&config.audit)?;
    attacks(&config.attacks)?;
    breaches(&config.breaches)?;
    management(&config.management)?;
    custom_domains(&config.custom_domains)?;
    deliveries(&config.deliveries)?;
    within("mail.signup_bytes_max", &config.mail.signup_bytes_max, &(1024..=10_240))?;
    within("sessions.families_max", &config.sessions.families_max, &(1..=10_000))?;
    within("sessions.touch_secs", &config.sessions.touch_secs, &(0..=86_400))?;
    jobs(&config.jobs)?;
    if config.store == StoreKind::Cluster && config.cluster.nodes.is_empty() {
        return Err(ConfigError::key(
            "cluster.nodes",
            "must name at least one node, because store is cluster",
        ));
    }
    Ok(())
}

fn embedded(section: &super::embedded::Embedded) -> Result<(), ConfigError> {
    within("embedded.queue_writes", &section.queue_writes, &(1..=1_000_000))?;
    within("embedded.commit_writes", &section.commit_writes, &(1..=1_000_000))?;
    within("embedded.cache_bytes", &section.cache_bytes, &(0..=1_099_511_627_776))?;
    within("embedded.memtable_bytes", &section.memtable_bytes, &(1_048_576..=17_179_869_184))?;
    within("embedded.journal_bytes", &section.journal_bytes, &(67_108_864..=1_099_511_627_776))?;
    within("embedded.compaction_threads", &section.compaction_threads, &(1..=64))?;
    within("embedded.compaction_niceness", &section.compaction_niceness, &(0..=19))?;
    within("embedded.commit_interval_us", &section.commit_interval_us, &(0..=100_000))?;
    within("embedded.rotations_fsync_ms", &section.rotations_fsync_ms, &(0..=60_000))?;
    within("embedded.sweep_interval_ms", &section.sweep_interval_ms, &(10..=3_600_000))?;
    within("embedded.sweep_entries", &section.sweep_entries, &(1..=1_000_000))?;
    within("embedded.feed_entries", &section.feed_entries, &(1..=10_000_000))?;
    within("embedded.log_days", &section.log_days, &(0..=36_500))?;
    within("embedded.log_events", &section.log_events, &(0..=1_000_000_000_000))?;
    within("embedded.stats_days", &section.stats_days, &(31..=1_000))
}

fn cluster(section: &super::cluster::Cluster) -> Result<(), ConfigError> {
    if section.key_prefix.contains(['{', '}']) {
        let problem = "must hold neither { nor }, which tell a Redis Cluster what goes where";
        return Err(ConfigError::key("cluster.key_prefix", problem));
    }
    within("cluster.hot_connections", &section.hot_connections, &(1..=64))?;
    within("cluster.reading_connections", &section.reading_connections, &(1..=64))?;
    within("cluster.careful_connections", &section.careful_connections, &(1..=64))?;
    within("cluster.command_timeout_ms", &section.command_timeout_ms, &(10..=60_000))?;
    within("cluster.connect_timeout_ms", &section.connect_timeout_ms, &(10..=60_000))?;
    within("cluster.unresponsive_ms", &section.unresponsive_ms, &(100..=60_000))?;
    within("cluster.queued_commands", &section.queued_commands, &(1..=1_000_000))?;
    within("cluster.together_max", &section.together_max, &(1..=128))?;
    within("cluster.wait_replicas", &section.wait_replicas, &(0..=16))?;
    within("cluster.wait_timeout_ms", &section.wait_timeout_ms, &(1..=60_000))?;
    within("cluster.feed_length", &section.feed_length, &(100..=100_000_000))?;
    within("cluster.revocation_horizon_secs", &section.revocation_horizon_secs, &(1..=31_536_000))?;
    within("cluster.log_length", &section.log_length, &(0..=1_000_000_000_000))?;
    within("cluster.log_retention_secs", &section.log_retention_secs, &(0..=3_153_600_000))?;
    within("cluster.stats_days", &section.stats_days, &(31..=1_000))
}

fn keys(section: &super::keys::Keys) -> Result<(), ConfigError> {
    within("keys.rotation_secs", &section.rotation_secs, &(60..=315_360_000))?;
    within("keys.publish_lead_secs", &section.publish_lead_secs, &(0..=31_536_000))?;
    within("keys.retire_secs", &section.retire_secs, &(0..=315_360_000))?;
    within("keys.check_secs", &section.check_secs, &(1..=86_400))
}

fn passwords(section: &super::passwords::Passwords) -> Result<(), ConfigError> {
    within("passwords.memory_kib", &section.memory_kib, &(8..=4_194_304))?;
    within("passwords.iterations", &section.iterations, &(1..=1_000))?;
    within("passwords.parallelism", &section.parallelism, &(1..=64))?;
    within("passwords.threads", &section.threads, &(0..=1_024))?;
    within("passwords.spare_ms", &section.spare_ms, &(0..=60_000))?;
    within("passwords.niceness", &section.niceness, &(0..=19))?;
    within("passwords.queue", &section.queue, &(0..=1_000_000))?;
    within("passwords.tenant_queue", &section.tenant_queue, &(1..=1_000_000))?;
    within("passwords.deadline_ms", &section.deadline_ms, &(10..=600_000))?;
    within("passwords.bcrypt_cost_max", &section.bcrypt_cost_max, &(4..=31))?;
    within("passwords.memory_kib_max", &section.memory_kib_max, &(8..=4_194_304))?;
    within("passwords.iterations_max", &section.iterations_max, &(1..=1_000))?;
    within("passwords.pbkdf2_iterations_max", &section.pbkdf2_iterations_max, &(1..=100_000_000))
}

fn ring(section: &super::ring::Ring) -> Result<(), ConfigError> {
    within("ring.shards", &section.shards, &(1..=1_024))?;
    within("ring.in_flight", &section.in_flight, &(1..=1_000_000))?;
    within("ring.session_queue", &section.session_queue, &(1..=100_000))?;
    within("ring.dead_ttl_ms", &section.dead_ttl_ms, &(0..=600_000))?;
    within("ring.dead_entries", &section.dead_entries, &(0..=100_000_000))
}

fn cache(section: &super::cache::Cache) -> Result<(), ConfigError> {
    within("cache.ttl_ms", &section.ttl_ms, &(0..=3_600_000))?;
    within("cache.absent_ttl_ms", &section.absent_ttl_ms, &(0..=3_600_000))?;
    within("cache.entries", &section.entries, &(1..=100_000_000))?;
    within("cache.access_tokens", &section.access_tokens, &(0..=100_000_000))?;
    within("cache.memberships", &section.memberships, &(1..=100_000_000))?;
    within("cache.membership_loads", &section.membership_loads, &(1..=1_000_000))
}

fn audit(section: &super::audit::Audit) -> Result<(), ConfigError> {
    within("audit.buffer", &section.buffer, &(1..=10_000_000))?;
    within("audit.batch", &section.batch, &(1..=100_000))?;
    within("audit.failures_per_minute", &section.failures_per_minute, &(0..=1_000_000))?;
    within("audit.flush_ms", &section.flush_ms, &(1..=60_000))
}

fn attacks(section: &super::attacks::Attacks) -> Result<(), ConfigError> {
    within("attacks.count_secs", &section.count_secs, &(60..=31_536_000))?;
    within("attacks.block_secs", &section.block_secs, &(60..=31_536_000))?;
    within("attacks.remember_ms", &section.remember_ms, &(0..=60_000))?;
    within("attacks.remembered", &section.remembered, &(0..=100_000_000))?;
    within("attacks.mails_max", &section.mails_max, &(1..=100_000))?;
    within("attacks.mail_interval_secs", &section.mail_interval_secs, &(1..=86_400))?;
    within("attacks.otp_attempts", &section.otp_attempts, &(1..=10))
}

fn breaches(section: &super::breaches::Breaches) -> Result<(), ConfigError> {
    within("breaches.timeout_ms", &section.timeout_ms, &(10..=10_000))?;
    within("breaches.concurrency", &section.concurrency, &(1..=1_024))
}

fn management(section: &super::management::Management) -> Result<(), ConfigError> {
    within("management.requests_per_second", &section.requests_per_second, &(1..=1_000_000))?;
    within("management.requests_burst", &section.requests_burst, &(1..=1_000_000))?;
    within("management.clients_remembered", &section.clients_remembered, &(1..=10_000_000))
}

fn custom_domains(section: &super::custom_domains::CustomDomains) -> Result<(), ConfigError> {
    within("custom_domains.timeout_ms", &section.timeout_ms, &(100..=4_000))?;
    within("custom_domains.per_tenant_max", &section.per_tenant_max, &(0..=100))
}

fn deliveries(section: &super::deliveries::Deliveries) -> Result<(), ConfigError> {
    within("deliveries.queue", &section.queue, &(1..=1_000_000))?;
    within("deliveries.concurrency", &section.concurrency, &(1..=1_024))?;
    within("deliveries.attempts", &section.attempts, &(1..=100))?;
    within("deliveries.first_pause_ms", &section.first_pause_ms, &(1..=3_600_000))?;
    within("deliveries.longest_pause_ms", &section.longest_pause_ms, &(1..=86_400_000))?;
    within("deliveries.timeout_ms", &section.timeout_ms, &(10..=600_000))
}

fn jobs(section: &super::jobs::Jobs) -> Result<(), ConfigError> {
    within("jobs.users_import_bytes_max", &section.users_import_bytes_max, &(1_024..=16_777_216))?;
    within("jobs.per_tenant_max", &section.per_tenant_max, &(1..=16))?;
    within("jobs.per_node_max", &section.per_node_max, &(1..=10_000))?;
    within("jobs.running_max", &section.running_max, &(1..=1_000))?;
    within("jobs.errors_max", &section.errors_max, &(0..=100_000))?;
    within("jobs.users_import_abreast", &section.users_import_abreast, &(1..=1_024))?;
    within("jobs.file_import_abreast", &section.file_import_abreast, &(1..=1_024))?;
    within("jobs.keep_secs", &section.keep_secs, &(60..=31_536_000))
}
