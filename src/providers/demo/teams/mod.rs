//! Teams of the invented company Quillmoor.

mod commerce;
mod corporate;
mod data;
mod operations;

use super::organization::DemoTeam;

/// All teams.
pub(super) fn all() -> impl Iterator<Item = &'static DemoTeam> {
    let teams = [commerce::TEAMS, operations::TEAMS, data::TEAMS, corporate::TEAMS];
    teams.into_iter().flatten()
}
