//! The rows of a decoded service: numbers only, so that all services together stay small.
//!
//! A text is its place in one arena, members of all shapes stand in one table, and what few rows
//! have (constraints, namespaces, error names) stands in a table beside. All services take about
//! 18 MB this way, EC2 alone about 1.5 MB (resident; `examples/resolve_rate` measures it).

/// Where a text stands: its place among the texts and one; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) u32);

/// All texts of a service, each once.
pub(super) struct Texts {
    arena: &'static str,
    /// Where each text ends in the arena.
    ends: Box<[u32]>,
}

/// One after another in a shared table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) count: u32,
}

/// One shape. Of a list the only member is the element; of a map, key and value.
#[derive(Default)]
pub(super) struct ShapeRow {
    pub(super) kind: u8,
    pub(super) format: u8,
    pub(super) flags: u16,
    pub(super) member_count: u16,
    pub(super) members_start: u32,
    /// The place among the traits and one; 0 is none.
    pub(super) traits: u32,
}

/// What a good part of the shapes do not have.
#[derive(Default)]
pub(super) struct TraitsRow {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Text,
    pub(super) enums: Run,
    pub(super) namespace: Namespace,
    pub(super) error_name: Text,
    /// Empty where it is the name.
    pub(super) error_code: Text,
    pub(super) error_status: Option<u16>,
    pub(super) payload: Text,
}

/// A namespace; no URI is no namespace.
#[derive(Clone, Copy, Default)]
pub(super) struct Namespace {
    pub(super) uri: Text,
    /// Empty for the namespace of the element itself.
    pub(super) prefix: Text,
}

/// One member.
pub(super) struct MemberRow {
    pub(super) name: Text,
    pub(super) wire: Text,
    pub(super) shape: u32,
    /// The place among the rare rows and one; 0 is none.
    pub(super) rare: u32,
    pub(super) flags: u16,
    pub(super) location: u8,
}

/// What few members have.
#[derive(Default)]
pub(super) struct RareRow {
    pub(super) query_name: Text,
    pub(super) namespace: Namespace,
}

/// One operation. Shape references are the index and one; 0 is none.
#[derive(Default)]
pub(super) struct OperationRow {
    pub(super) name: Text,
    pub(super) method: Text,
    pub(super) uri: Text,
    pub(super) flags: u16,
    pub(super) response_code: Option<u16>,
    pub(super) input: u32,
    pub(super) output: u32,
    pub(super) errors: Run,
    pub(super) root: Text,
    pub(super) root_namespace: Text,
    pub(super) result_wrapper: Text,
    pub(super) host_prefix: Text,
}

impl Texts {
    /// Cuts the arena into texts of these lengths. It is kept for the life of the program, as the
    /// decoded service is. `None` if the lengths do not fit it.
    pub(super) fn new(arena: &str, lengths: &[usize]) -> Option<Self> {
        let mut end: usize = 0;
        let mut ends = Vec::with_capacity(lengths.len());
        for length in lengths {
            end = end.checked_add(*length)?;
            if !arena.is_char_boundary(end) {
                return None;
            }
            ends.push(u32::try_from(end).ok()?);
        }
        (end == arena.len()).then(|| Self { arena: Box::leak(arena.into()), ends: ends.into() })
    }

    /// The reference to the text at a place.
    pub(super) fn at(&self, place: usize) -> Option<Text> {
        (place < self.ends.len()).then_some(Text(place as u32 + 1))
    }

    /// A text; empty for none.
    pub(super) fn get(&self, text: Text) -> &'static str {
        self.optional(text).unwrap_or_default()
    }

    /// A text, if there is one.
    pub(super) fn optional(&self, text: Text) -> Option<&'static str> {
        let place = text.0.checked_sub(1)? as usize;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.arena.get(start as usize..*self.ends.get(place)? as usize)
    }
}

impl Run {
    /// The rows of the run.
    pub(super) fn of<T>(self, table: &[T]) -> &[T] {
        let start = self.start as usize;
        let end = start.saturating_add(self.count as usize);
        table.get(start..end).unwrap_or(&[])
    }
}
