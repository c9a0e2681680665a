//! The known name that an unknown one was probably meant to be.

/// The longest name that is compared, in bytes: the comparison is quadratic.
const LONGEST: usize = 200;

/// The candidate nearest to `name`, where one is near enough to be a slip of the hand.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let known = candidate.to_lowercase();
            let slips = strsim::normalized_damerau_levenshtein(&wanted, &known);
            let start = strsim::jaro_winkler(&wanted, &known);
            (slips, start, candidate)
        })
        .filter(|(slips, start, _)| *slips >= 0.6 || *start >= 0.8)
        .max_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)))
        .map(|(_, _, candidate)| candidate)
}

/// `did you mean NAME?`, or nothing.
pub(crate) fn did_you_mean(near: Option<&str>) -> String {
    near.map(|name| format!("did you mean {name}?"))
        .unwrap_or_default()
}
