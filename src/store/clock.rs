//! The time of a record, in UTC as RFC 3339. Only shown and grouped by day; order is by row number, so that a clock that
//! goes back reorders nothing. A date crate was rejected: this one conversion is all that is needed.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, as `2026-01-31T09:30:00Z`.
pub fn now() -> String {
    rfc3339(SystemTime::now())
}

/// A time in the same form; 1970 for anything earlier.
pub fn rfc3339(time: SystemTime) -> String {
    of_seconds(time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()))
}

/// Seconds since 1970 as a date and time; Howard Hinnant's `civil_from_days`, "chrono-compatible low-level date
/// algorithms" (2021).
fn of_seconds(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The same day of the week after; `None` for what is no day. Hinnant's `days_from_civil`.
pub fn next_week(day: &str) -> Option<String> {
    let mut parts = day.splitn(3, '-').map(|p| p.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let shifted = if month > 2 { month.checked_sub(3)? } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day.checked_sub(1)?;
    let days = (year / 400) * 146_097 + (year % 400) * 365 + year % 400 / 4 - year % 400 / 100 + day_of_year;
    Some(of_seconds(days.checked_sub(719_468)?.checked_add(7)?.checked_mul(86_400)?)[..10].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values are from `date -u -d @N +%FT%TZ`.
    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(of_seconds(0), "1970-01-01T00:00:00Z");
        assert_eq!(of_seconds(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(of_seconds(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(next_week("2024-02-26").as_deref(), Some("2024-03-04"));
        assert_eq!(next_week("2025-12-29").as_deref(), Some("2026-01-05"));
        assert_eq!((next_week("x"), next_week("2025-00-00"), next_week("1200-01-01")), (None, None, None));
        assert_eq!(of_seconds(4_107_542_399), "2100-02-28T23:59:59Z");
    }
}
