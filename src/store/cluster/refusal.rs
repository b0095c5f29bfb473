//! What an error of the vendor means: did nothing run, or is that unknown?

use std::fmt;

use fred::error::{Error, ErrorKind};

use crate::store::StoreError;

/// Why a command has no answer.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The node is not connected any more, or did not answer those before; nothing ran.
    Deposed,
    /// There was no answer in time; it may have run, and the node may be gone without a word.
    Late(String),
    /// The slot is served elsewhere, which the client has learnt by now, or is about to be; nothing ran.
    Moved,
    /// The node does not have what a verb in company is for, or may not write it any more, and the client has not learnt who
    /// has; nothing ran.
    NotHere,
    /// The node lacks the function library; nothing ran.
    NoFunction,
    /// Nothing ran, and asking again at once would not help.
    Refused(String),
    /// What is stored is not what the command is for.
    Unreadable(String),
    /// It may have run.
    Unknown(String),
}

/// Answers of a node that ran nothing.
const REFUSALS: &[&str] =
    &["LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOPERM", "NOREPLICAS", "OOM", "READONLY", "WRONGPASS"];

impl Refusal {
    /// What an error means of a command that went to a node by its name. One that is not connected any more ran nothing,
    /// and neither did one that is a replica by now; who serves the slot then, the slot tells.
    pub(super) fn of_a_node(error: Error) -> Self {
        match error.details() {
            details if details.starts_with("Failed to route") => Self::Deposed,
            details if details.starts_with("READONLY") => Self::NotHere,
            _ => error.into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let details = error.details();
        if details.contains("Function not found") {
            return Self::NoFunction;
        }
        // Where no redirection is followed, the vendor refreshes its map of the cluster and says the first of these.
        // ("Too many failed write attempts" is not one of them: it is also said of what was written and then lost
        // with its connection, and that may have run.)
        let moved = ["Too many redirections", "MOVED", "ASK ", "TRYAGAIN"];
        if moved.iter().any(|words| details.starts_with(words)) {
            return Self::Moved;
        }
        // Said of a verb whose slot Redis was not told beforehand.
        if details.contains("access a non local key") {
            return Self::NotHere;
        }
        // And this of a verb whose node does not serve its slot just now.
        let down = details.contains("while the cluster is down") || details.starts_with("Failed to route");
        if down || REFUSALS.iter().any(|word| details.starts_with(word)) {
            return Self::Refused(details.to_owned());
        }
        // Said of the command that the node answers, but also of all behind it: the vendor drops the connection.
        if details.starts_with("CLUSTERDOWN") {
            return Self::Unknown(error.to_string());
        }
        if details.starts_with("WRONGTYPE") {
            return Self::Unreadable(details.to_owned());
        }
        match error.kind() {
            ErrorKind::Auth
            | ErrorKind::Backpressure
            | ErrorKind::Cluster
            | ErrorKind::Config
            | ErrorKind::Routing
            | ErrorKind::Tls
            | ErrorKind::Url => Self::Refused(error.to_string()),
            ErrorKind::Timeout => Self::Late(error.to_string()),
            ErrorKind::NotFound | ErrorKind::Parse => Self::Unreadable(error.to_string()),
            ErrorKind::Canceled
            | ErrorKind::IO
            | ErrorKind::InvalidArgument
            | ErrorKind::InvalidCommand
            | ErrorKind::Protocol
            | ErrorKind::Sentinel
            | ErrorKind::Unknown => Self::Unknown(error.to_string()),
        }
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Deposed | Refusal::Moved | Refusal::NoFunction | Refusal::NotHere => {
                Self::Unavailable(refusal.to_string())
            }
            Refusal::Refused(why) => Self::Unavailable(why),
            Refusal::Unreadable(why) => Self::Corrupt(why),
            Refusal::Late(why) | Refusal::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deposed => "the node is away",
            Self::Moved | Self::NotHere => "the slot is moving between nodes",
            Self::NoFunction => "the node lacks the function library",
            Self::Late(why) | Self::Refused(why) | Self::Unreadable(why) | Self::Unknown(why) => why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_nothing_is_unavailable_and_the_rest_is_unknown() {
        let label =
            |kind, details: &'static str| StoreError::from(Refusal::from(Error::new(kind, details))).label();
        assert_eq!(label(ErrorKind::Unknown, "NOREPLICAS Not enough good replicas to write."), "unavailable");
        let down = "ERR Script attempted to execute a write command while the cluster is down";
        assert_eq!(label(ErrorKind::Unknown, down), "unavailable");
        assert_eq!(label(ErrorKind::Cluster, "CLUSTERDOWN The cluster is down"), "unknown");
        assert_eq!(label(ErrorKind::Routing, "Too many redirections."), "unavailable");
        assert_eq!(label(ErrorKind::Unknown, "Too many failed write attempts."), "unknown");
        assert_eq!(label(ErrorKind::Timeout, "Request timed out."), "unknown");
        assert_eq!(label(ErrorKind::IO, "Connection closed."), "unknown");
        assert_eq!(label(ErrorKind::InvalidArgument, "WRONGTYPE Operation against a key"), "corrupt");
        assert!(matches!(
            Refusal::from(Error::new(ErrorKind::Unknown, "ERR Function not found")),
            Refusal::NoFunction
        ));
    }

    #[test]
    fn what_a_node_does_not_serve_any_more_may_be_asked_elsewhere() {
        let of = |details| Refusal::of_a_node(Error::new(ErrorKind::Unknown, details));
        for details in ["MOVED 1 a:1", "ASK 1 a:1", "TRYAGAIN", "Too many redirections."] {
            assert!(matches!(of(details), Refusal::Moved), "{details}");
        }
        assert!(matches!(of("Failed to route"), Refusal::Deposed));
        for details in
            ["READONLY You can't write", "ERR Script attempted to access a non local key in a cluster node"]
        {
            assert!(matches!(of(details), Refusal::NotHere), "{details}");
        }
        assert!(matches!(of("OOM"), Refusal::Refused(_)));
    }
}
