//! The models' patterns, compiled once.
//!
//! They are written for Java and JavaScript: those that look around or refer back have no
//! linear-time form and are skipped, because a check that takes exponential time is worse than
//! none.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use regex::{Regex, RegexBuilder};

/// Memory of one compiled pattern; some models count to 131,072.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

type Compiled = HashMap<&'static str, Option<Arc<Regex>>>;

static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);

/// Whether the text matches the pattern as a whole; also true if the pattern cannot be checked.
pub(super) fn matches(pattern: &'static str, text: &str) -> bool {
    compiled(pattern).is_none_or(|regex| regex.is_match(text))
}

fn compiled(pattern: &'static str) -> Option<Arc<Regex>> {
    if let Some(known) = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return known.clone();
    }
    let regex = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build()
        .ok()
        .map(Arc::new);
    COMPILED.write().unwrap_or_else(PoisonError::into_inner).insert(pattern, regex.clone());
    regex
}
