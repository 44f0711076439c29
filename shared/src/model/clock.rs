//! The clock: the system's, or a moment that stands still, as when a recorded cluster is looked
//! at again.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A moment in UTC, to the second, as the API server writes it (`metav1.Time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0
    }
}

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl fmt::Display for Day {
    /// `2026-11-21`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day =
            numbers(text, '-', [4, 2, 2]).map(|parts| (parts, days(parts[0], parts[1], parts[2])));
        // A day that a month does not have is another one on the way back.
        day.filter(|([year, month, of_month], day)| date(*day) == (*year, *month, *of_month))
            .map(|(_, day)| Self(day))
            .ok_or_else(|| format!("{text:?} is no day; write it as 2027-01-31"))
    }
}

impl Time {
    /// The day.
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(SECONDS_OF_A_DAY))
    }
}

impl fmt::Display for Time {
    /// RFC 3339: `2026-11-21T13:40:43Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(SECONDS_OF_A_DAY));
        let second = self.0.rem_euclid(SECONDS_OF_A_DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
    }
}

impl FromStr for Time {
    type Err = String;

    /// Reads RFC 3339 in UTC; fractions of a second are dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| format!("{text:?} is no time; write it as 2027-01-31T00:00:00Z"))
    }
}

fn read(text: &str) -> Option<Time> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let time = match time.split_once('.') {
        Some((time, fraction)) => (!fraction.is_empty()
            && fraction.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(time)?,
        None => time,
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days(year, month, day);
    // A day that a month does not have is another one on the way back.
    (self::date(days) == (year, month, day))
        .then_some(Time(days * SECONDS_OF_A_DAY + hour * 3600 + minute * 60 + second))
}

/// Three numbers of fixed widths.
fn numbers(text: &str, between: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut found = [0; 3];
    for (number, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that
/// the day that some of them have more comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The date of a day, counted from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Where the time is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// From the machine.
    System,
    /// Always the same.
    Fixed(Time),
}

impl Clock {
    /// The time now.
    pub fn now(self) -> Time {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
            }
            Self::Fixed(time) => time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_server_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Time(seconds).to_string(), text);
            assert_eq!(text.parse(), Ok(Time(seconds)));
        }
        assert_eq!("1970-01-01T00:00:01.999Z".parse(), Ok(Time(1)));
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T13:40:43",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T13:40:43.Z",
            "26-11-21T13:40:43Z",
            "2026-11-21T13:40:43+01:00",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_read_and_written() {
        let time: Time = "2027-01-31T23:59:59Z".parse().expect("a time");
        assert_eq!(time.day().to_string(), "2027-01-31");
        assert_eq!("2027-01-31".parse(), Ok(time.day()));
        for text in ["2027-02-29", "2027-13-01", "27-01-31", "2027-01-31T00:00:00Z", "", "never"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_may_stand_still() {
        assert_eq!(Clock::Fixed(Time(7)).now(), Time(7));
        assert!(Clock::System.now() > Time(1_700_000_000));
    }
}
