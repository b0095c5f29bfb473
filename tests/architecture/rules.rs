//! Each rule as a function from one file to its faults.

use crate::table::{
    CLOCK, DEEPEST, EMPTY_NAMES, FENCES, FORBIDDEN, LONGEST_FILE, ROWS, SHORT_FILES, TIME_AND_DICE,
};
use crate::tokens::{Token, tokens};

/// A source file of this repository.
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// All of its text.
    pub(crate) text: String,
}

impl File {
    /// The module path below `src`, without the `.rs`; `None` for files elsewhere.
    fn module(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.strip_suffix(".rs")
    }

    /// The layer that this file belongs to; the crate's root and the program belong to none.
    fn layer(&self) -> Option<&str> {
        let module = self.module()?;
        let first = module.split('/').next()?;
        (!matches!(module, "lib" | "main")).then_some(first)
    }

    fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Every fault of one file, under every rule.
pub(crate) fn faults(file: &File) -> Vec<String> {
    let words = tokens(&file.text);
    let mut found = shape(file);
    found.extend(names(file));
    found.extend(imports(file, &words));
    found.extend(fences(file, &words));
    found.extend(time_and_dice(file, &words));
    found
}

/// Length, and a first line that says what the file is for.
fn shape(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let tight = SHORT_FILES.iter().find(|(path, _)| *path == file.path);
    let limit = tight.map_or(LONGEST_FILE, |(_, lines)| *lines);
    let lines = file.text.lines().count();
    if lines > limit {
        found.push(file.fault(lines, &format!("{lines} lines; the limit is {limit}")));
    }
    let purpose = file.text.lines().next().and_then(|first| first.strip_prefix("//!"));
    if purpose.is_none_or(|words| words.trim().is_empty()) {
        found.push(file.fault(1, "the first line is not a `//!` that says what the file is for"));
    }
    found
}

/// Names that mean something, `foo.rs` beside `foo/`, and no deep nesting.
fn names(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for part in file.path.trim_end_matches(".rs").split('/') {
        if EMPTY_NAMES.contains(&part) {
            found.push(file.fault(1, &format!("`{part}` says nothing of what is inside")));
        }
    }
    if file.path.starts_with("src/") && file.path.ends_with("/mod.rs") {
        found.push(file.fault(1, "`foo.rs` beside `foo/`, never `mod.rs`"));
    }
    if file.module().is_some_and(|module| module.split('/').count() > DEEPEST) {
        found.push(file.fault(1, &format!("more than {DEEPEST} names below `src`")));
    }
    found
}

/// Layers import only leftwards.
fn imports(file: &File, words: &[Token<'_>]) -> Vec<String> {
    let Some(layer) = file.layer() else { return Vec::new() };
    let Some(own) = rank(layer) else {
        return vec![file.fault(1, &format!("`{layer}` has no row in the import table"))];
    };
    let mut found = Vec::new();
    for (line, target) in arrows(file, words) {
        if target == layer {
            continue;
        }
        let allowed =
            rank(target).is_some_and(|theirs| theirs < own) && !FORBIDDEN.contains(&(layer, target));
        if !allowed {
            found.push(file.fault(line, &format!("`{layer}` may not import `{target}`")));
        }
    }
    found
}

fn rank(layer: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&layer))
}

/// Each name directly below the crate's root that the file mentions: through `crate::`, through the crate's own
/// name, or through enough `super::`.
fn arrows<'a>(file: &File, words: &[Token<'a>]) -> Vec<(usize, &'a str)> {
    let depth = file.module().map_or(0, |module| module.split('/').count());
    let mut inline = Vec::new(); // for each open brace, whether it opened a module
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.text {
            "{" => inline.push(at >= 2 && words[at - 2].text == "mod"),
            "}" => {
                inline.pop();
            }
            "crate" | "jeton" if !continues_a_path(words, at) => {
                found.extend(first_segments(&words[at + 1..]));
            }
            "super" if !continues_a_path(words, at) => {
                let supers = words[at..].chunks(2).take_while(|pair| is_step_up(pair)).count();
                let modules = depth + inline.iter().filter(|is_module| **is_module).count();
                if supers >= modules {
                    found.extend(first_segments(&words[at + 2 * supers - 1..]));
                }
            }
            _ => {}
        }
    }
    found
}

fn is_step_up(pair: &[Token<'_>]) -> bool {
    matches!(pair, [up, path] if up.text == "super" && path.text == "::")
}

/// Whether the word at `at` follows another segment: the `b` of `a::b`, but not of `use ::b`.
fn continues_a_path(words: &[Token<'_>], at: usize) -> bool {
    const BEFORE_A_PATH: &[&str] =
        &["as", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "use", "where", "while"];
    at >= 2
        && words[at - 1].text == "::"
        && (words[at - 2].text == ">"
            || words[at - 2].is_word() && !BEFORE_A_PATH.contains(&words[at - 2].text))
}

/// The first segments of the path or the group of paths in `rest`, which starts at its `::`.
fn first_segments<'a>(rest: &[Token<'a>]) -> Vec<(usize, &'a str)> {
    match rest {
        [path, first, ..] if path.text == "::" && first.text != "{" => vec![(first.line, first.text)],
        [path, _, group @ ..] if path.text == "::" => group_heads(group),
        _ => Vec::new(),
    }
}

/// The first word of each member of `{a::b, c::{d, e}}`, whose opening brace has been taken off.
fn group_heads<'a>(group: &[Token<'a>]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut depth = 1_usize;
    let mut at_head = true;
    for word in group {
        match word.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => at_head = true,
            _ if at_head => {
                found.push((word.line, word.text));
                at_head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// A vendor is named only inside its fence.
fn fences(file: &File, words: &[Token<'_>]) -> Vec<String> {
    let Some(module) = file.module() else { return Vec::new() };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let rows = FENCES.iter().filter(|(vendor, _)| *vendor == word.text);
        let homes: Vec<&str> = rows.map(|(_, home)| *home).collect();
        if homes.is_empty() {
            continue;
        }
        let next_is = |mark: &str| words.get(at + 1).is_some_and(|next| next.text == mark);
        let imported = at > 0 && matches!(words[at - 1].text, "use" | "crate") && !next_is("(");
        let named = (next_is("::") || imported) && !continues_a_path(words, at);
        let is_in = |home: &&str| {
            module.strip_prefix(*home).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if named && !homes.iter().any(is_in) && !is_a_namesake(words, word.text) {
            let homes = homes.join("` or `src/");
            found.push(file.fault(word.line, &format!("`{}` belongs in `src/{homes}`", word.text)));
        }
    }
    found
}

/// Whether this file means another thing by the vendor's name, because it says `use somewhere::name;`.
fn is_a_namesake(words: &[Token<'_>], vendor: &str) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let ends = words.get(at + 1).is_some_and(|next| matches!(next.text, ";" | "," | "}"));
        word.text == vendor && ends && continues_a_path(words, at)
    })
}

/// Wall-clock time and the operating system's dice come through the clock's file.
fn time_and_dice(file: &File, words: &[Token<'_>]) -> Vec<String> {
    if file.module().is_none() || file.path == CLOCK {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for path in TIME_AND_DICE {
            if path[0] == word.text && follows(&words[at..], path) {
                found.push(file.fault(word.line, &format!("`{}` outside `{CLOCK}`", path.join("::"))));
            }
        }
    }
    found
}

fn follows(words: &[Token<'_>], path: &[&str]) -> bool {
    path.iter().enumerate().all(|(nth, name)| {
        let joined = nth == 0 || words.get(2 * nth - 1).is_some_and(|mark| mark.text == "::");
        joined && words.get(2 * nth).is_some_and(|word| word.text == *name)
    })
}
