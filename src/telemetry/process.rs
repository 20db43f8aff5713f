//! Metrics of the process, read from `/proc` (proc(5)); elsewhere there are none.
//!
//! They are written as text here, for the recorder knows counters of whole numbers only, and processor time is none.

use super::names::PROCESS;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use std::fmt::Write;
use std::fs;

/// The metrics in Prometheus' text format; empty where the system has no `/proc`.
pub(super) fn render() -> String {
    let values = read().unwrap_or_default();
    let mut text = String::new();
    for ((name, kind, help), value) in PROCESS.iter().zip(values) {
        let Some(value) = value else { continue };
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n"
        );
    }
    text
}

/// The values in the order of [`PROCESS`].
fn read() -> Option<[Option<f64>; PROCESS.len()]> {
    let stat = ProcessStat::parse(&fs::read_to_string("/proc/self/stat").ok()?)?;
    let ticks = clock_ticks_per_second() as f64;
    let booted = boot_time(&fs::read_to_string("/proc/stat").ok()?);
    Some([
        Some((stat.user + stat.system) / ticks),
        Some(stat.resident_pages * page_size() as f64),
        Some(stat.virtual_bytes),
        fs::read_dir("/proc/self/fd")
            .ok()
            .map(|files| files.count() as f64),
        getrlimit(Resource::Nofile).current.map(|limit| limit as f64),
        Some(stat.threads),
        booted.map(|booted| booted + stat.started / ticks),
    ])
}

/// Fields of `/proc/self/stat`; times are in clock ticks.
#[derive(Debug, PartialEq)]
struct ProcessStat {
    user: f64,
    system: f64,
    threads: f64,
    started: f64,
    virtual_bytes: f64,
    resident_pages: f64,
}

impl ProcessStat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, whatever characters that has. The next is the third.
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        Some(Self {
            user: field(14)?,
            system: field(15)?,
            threads: field(20)?,
            started: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

/// Seconds since 1970 at which the machine started.
fn boot_time(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let text = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 110 12 13 14 15 16 7 18 1900 2000 30 4";
        let expected = ProcessStat {
            user: 110.0,
            system: 12.0,
            threads: 7.0,
            started: 1900.0,
            virtual_bytes: 2000.0,
            resident_pages: 30.0,
        };
        assert_eq!(ProcessStat::parse(text), Some(expected));
        assert_eq!(ProcessStat::parse("42 (a) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_measured() {
        let text = render();
        for (name, kind, _) in PROCESS {
            assert!(
                text.contains(&format!("# TYPE {name} {kind}\n{name} ")),
                "{name}: {text}"
            );
        }
    }
}
