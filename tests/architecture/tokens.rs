//! Rust source as words and marks with their lines: comments, strings and characters are left out.
//!
//! Good enough to see paths, not a parser: a path put together by a macro is not seen.

/// One word or mark of a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// An identifier, `::`, or one character of punctuation.
    pub(crate) text: &'a str,
    /// Counted from one, as editors do.
    pub(crate) line: usize,
}

impl Token<'_> {
    /// Whether this could be a segment of a path.
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// The tokens of `source`, in order.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (length, is_token) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (quoted(rest), false),
            '\'' => (character(rest), false),
            ':' if rest.starts_with("::") => (2, true),
            _ if first.is_alphanumeric() || first == '_' => word_or_literal(rest),
            _ => (first.len_utf8(), !first.is_whitespace()),
        };
        let text = &rest[..length];
        if is_token {
            found.push(Token { text: text.strip_prefix("r#").unwrap_or(text), line });
        }
        line += text.matches('\n').count();
        at += length;
    }
    found
}

/// The length of a word, and whether it is one: `b"…"`, `c"…"` and `r#"…"#` are literals, `r#type` is a word.
fn word_or_literal(rest: &str) -> (usize, bool) {
    let word = word_length(rest);
    let after = &rest[word..];
    match &rest[..word] {
        "r" | "br" | "cr" if after.starts_with(['"', '#']) => {
            let hashes = after.len() - after.trim_start_matches('#').len();
            if after[hashes..].starts_with('"') {
                (word + raw_string(after, hashes), false)
            } else {
                (word + hashes + word_length(&after[hashes..]), true)
            }
        }
        "b" | "c" if after.starts_with('"') => (word + quoted(after), false),
        "b" if after.starts_with('\'') => (word + character(after), false),
        _ => (word, true),
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len())
}

fn raw_string(after: &str, hashes: usize) -> usize {
    let opening = hashes + 1;
    let closing = format!("\"{}", "#".repeat(hashes));
    after[opening..].find(&closing).map_or(after.len(), |end| opening + end + closing.len())
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        match next {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The length of a character literal, or of a lone `'` when a lifetime or a label follows.
fn character(rest: &str) -> usize {
    let mut inside = rest[1..].char_indices();
    match inside.next() {
        Some((_, '\\')) => {
            inside.next(); // what is escaped may itself be a quote
            inside.find(|(_, next)| *next == '\'').map_or(1, |(at, _)| at + 2)
        }
        Some(_) => inside.next().filter(|(_, next)| *next == '\'').map_or(1, |(at, _)| at + 2),
        None => 1,
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}
