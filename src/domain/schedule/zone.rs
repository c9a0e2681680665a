//! Time zones by their IANA names, from the table that is built in.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::error::{Quoted, ScheduleError, closest};

/// Reads an IANA time zone name such as `Europe/Berlin` or `UTC`.
///
/// # Errors
/// [`ScheduleError::Zone`], with the name that was probably meant: the same in other letter case,
/// a city without its region, or a slip of the keys.
pub fn parse_zone(text: &str) -> Result<Tz, ScheduleError> {
    let name = text.trim();
    if let Ok(zone) = name.parse::<Tz>() {
        return Ok(zone);
    }
    let wanted = name.replace(' ', "_");
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let city = |zone: &'static str| zone.rsplit('/').next().unwrap_or(zone);
    let suggestion = names()
        .find(|zone| zone.eq_ignore_ascii_case(&wanted))
        .or_else(|| names().find(|zone| city(zone).eq_ignore_ascii_case(&wanted)))
        .or_else(|| closest(&wanted, names()))
        .or_else(|| {
            let meant = closest(&wanted, names().map(city))?;
            names().find(|zone| city(zone) == meant)
        });
    Err(ScheduleError::Zone {
        found: Quoted::new(name),
        suggestion: suggestion.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_by_its_name() {
        assert_eq!(parse_zone(" Europe/Berlin "), Ok(Tz::Europe__Berlin));
        assert_eq!(parse_zone("UTC"), Ok(Tz::UTC));
    }

    #[test]
    fn an_unknown_zone_is_refused_with_what_was_meant() {
        for (typed, meant) in [
            ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("Europe/Berlni", "Europe/Berlin"),
            ("Berlinn", "Europe/Berlin"),
        ] {
            let error = parse_zone(typed).unwrap_err();
            assert_eq!(error.hint(), format!("did you mean `{meant}`?"), "{typed}");
        }
        for nonsense in ["", "Mars/Olympus_Mons", &"x".repeat(100_000)] {
            let error = parse_zone(nonsense).unwrap_err();
            assert!(error.hint().contains("IANA"), "{error}");
            assert!(error.to_string().len() < 200);
        }
    }
}
