//! The extent of a JSON document, measured before it is read.

/// How much a document holds, told without reading it into memory.
#[derive(Default)]
pub(super) struct Extent {
    /// How deep brackets nest.
    pub(super) depth: usize,
    /// The number of values, or a few more.
    pub(super) values: usize,
}

impl Extent {
    /// Measures a document.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut extent = Self::default();
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        for byte in body {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                _ if in_text => {}
                b'[' | b'{' => {
                    depth += 1;
                    extent.values += 1;
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' => extent.values += 1,
                _ => {}
            }
            extent.depth = extent.depth.max(depth);
        }
        extent
    }
}
