//! The known name that an unknown one was probably meant to be.

/// The candidate nearest to `name`, where one is near enough to be a slip of the hand.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let likeness =
                strsim::normalized_damerau_levenshtein(&wanted, &candidate.to_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean NAME?`, or nothing.
pub(crate) fn did_you_mean(near: Option<&str>) -> String {
    near.map(|name| format!("did you mean {name}?"))
        .unwrap_or_default()
}
