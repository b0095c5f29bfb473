//! Labels of the parts inside: actors, caches, the store.

use super::Label;

labels! {
    /// An actor of ours.
    ActorName("actor") {
        /// Batches log events.
        Audit = "audit",
        /// Tails the change feed.
        Changes = "changes",
        /// Back-channel logout, webhooks, mail.
        Deliveries = "deliveries",
        /// The rotation schedule of keys.
        Keyring = "keyring",
        /// Loads memberships.
        Memberships = "memberships",
        /// Verifies and makes password hashes.
        Passwords = "passwords",
        /// The supervisor of all others.
        Root = "root",
        /// One shard of the ring.
        Shard = "shard",
    }

    /// A cache.
    CacheName("cache") {
        /// Access tokens whose signature held.
        AccessToken = "access_token",
        /// Clients by id.
        Client = "client",
        /// Client grants by client and audience.
        ClientGrant = "client_grant",
        /// Connections by name.
        Connection = "connection",
        /// Families known to be dead.
        DeadFamily = "dead_family",
        /// Memberships by user and organization.
        Membership = "membership",
        /// Organizations by id or name.
        Organization = "organization",
        /// Resource servers by audience.
        ResourceServer = "resource_server",
        /// All roles of a tenant.
        Roles = "roles",
        /// Tenants by host.
        Tenant = "tenant",
        /// Users by id.
        User = "user",
    }

    /// What is delivered to somebody outside.
    DeliveryKind("kind") {
        /// A back-channel logout token.
        Logout = "logout",
        /// A message to a person.
        Mail = "mail",
    }

    /// What became of a delivery, or of one attempt at it.
    DeliveryOutcome("outcome") {
        /// The attempt failed; another one follows.
        Again = "again",
        /// It arrived.
        Delivered = "delivered",
        /// It will not be tried again.
        GivenUp = "given_up",
        /// Too much was waiting already.
        NoRoom = "no_room",
    }

    /// Whether a cache had it.
    LookupLabel("result") {
        /// It did, absence included.
        Hit = "hit",
        /// It did not.
        Miss = "miss",
    }

    /// How a store verb ended.
    StoreOutcome("outcome") {
        /// Refused by a condition: a conflict, a claim by another, a wrong generation.
        Conflict = "conflict",
        /// The store answered with a fault.
        Failed = "failed",
        /// It was done.
        Ok = "ok",
        /// The store did not answer in time; whether it was done is unknown.
        TimedOut = "timed_out",
        /// The store cannot be reached.
        Unavailable = "unavailable",
    }

    /// A verb of the store's contract.
    StoreVerb("verb") {
        /// `AuditLog::append`.
        AuditAppend = "audit_append",
        /// `AuditLog::forget`.
        AuditForget = "audit_forget",
        /// `AuditLog::recent`.
        AuditRecent = "audit_recent",
        /// `Counters::draw`.
        BucketDraw = "bucket_draw",
        /// `Counters::tally`.
        CounterAdd = "counter_add",
        /// `Counters::forget`.
        CounterForget = "counter_forget",
        /// `Counters::counts`.
        CounterList = "counter_list",
        /// `Counters::uncount`.
        CounterTakeBack = "counter_take_back",
        /// `Families::current`.
        FamilyCurrent = "family_current",
        /// `Families::revoke`.
        FamilyRevoke = "family_revoke",
        /// `Families::rotate`.
        FamilyRotate = "family_rotate",
        /// `Families::start`.
        FamilyStart = "family_start",
        /// `ChangeFeed::follow`.
        FeedFollow = "feed_follow",
        /// `ChangeFeed::head`.
        FeedHead = "feed_head",
        /// `ChangeFeed::publish`.
        FeedPublish = "feed_publish",
        /// `ChangeFeed::recent_revocations`.
        FeedRevocations = "feed_revocations",
        /// `Identifiers::claim`.
        IdentifierClaim = "identifier_claim",
        /// `Identifiers::confirm`.
        IdentifierConfirm = "identifier_confirm",
        /// `Identifiers::release`.
        IdentifierRelease = "identifier_release",
        /// `Identifiers::resolve`.
        IdentifierResolve = "identifier_resolve",
        /// `Jobs::find_job`.
        JobFind = "job_find",
        /// `Jobs::keep_job`.
        JobKeep = "job_keep",
        /// `Memberships::find_membership`.
        MembershipFind = "membership_find",
        /// `Memberships::join`.
        MembershipJoin = "membership_join",
        /// `Memberships::leave`.
        MembershipLeave = "membership_leave",
        /// `Memberships::organizations_of` and `Memberships::members_of`.
        MembershipList = "membership_list",
        /// `Records::count`.
        RecordCount = "record_count",
        /// `Records::page`.
        RecordPage = "record_page",
        /// `Records::read`.
        RecordRead = "record_read",
        /// `Records::remove`.
        RecordRemove = "record_remove",
        /// `Records::write`.
        RecordWrite = "record_write",
        /// `Sessions::remember_client`.
        SessionClient = "session_client",
        /// `Sessions::end`.
        SessionEnd = "session_end",
        /// `Sessions::find`.
        SessionFind = "session_find",
        /// `Sessions::of_user` and `Sessions::families_of`.
        SessionList = "session_list",
        /// `Sessions::open`.
        SessionOpen = "session_open",
        /// `Sessions::touch`.
        SessionTouch = "session_touch",
        /// `Sessions::update`.
        SessionUpdate = "session_update",
        /// `Spends::redeem`.
        Redeem = "redeem",
        /// `Spends::spend`.
        Spend = "spend",
        /// `Spends::is_spent`.
        SpendFind = "spend_find",
        /// `Statistics::days`.
        StatisticsDays = "statistics_days",
        /// `Statistics::active_users`.
        StatisticsUsers = "statistics_users",
    }
}
