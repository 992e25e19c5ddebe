//! What follows from values: whether a change could be taken back, how long a timer has still to run.

use super::privilege::{
    Capabilities, Ids, Schedule, Setter, capabilities_back, groups_back, nice_back, schedule_back, users_back,
};

/// What is to be found out, from which values in which order. Questions are answered by 1 or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reckoning {
    /// Whether a set of signals (bit 0 for signal 1) has one: set, signal.
    HasSignal,
    /// The set of one signal: signal.
    SignalSet,
    /// Whether a set of numbers has one: set, number.
    HasBit,
    /// Whether a limit is lower than it was, both without a sign: old, new.
    Lowers,
    /// Whether a nice value could be put back: 20 - the old one, the new one, privileges, RLIMIT_NICE.
    NiceBack,
    /// Whether a scheduling policy could be put back: policy, flags, nice value and priority that are, the same as asked for,
    /// privileges, RLIMIT_NICE, RLIMIT_RTPRIO.
    ScheduleBack,
    /// Whether user ids could be put back that a call of so many ids (4: setfsuid) sets: how many, three arguments, real, effective, saved
    /// and file-system id, both halves of effective, permitted and inheritable capabilities in turn, ambient ones,
    /// securebits.
    UsersBack,
    /// Whether group ids could be put back: as for user ids, up to the capabilities in effect.
    GroupsBack,
    /// Whether capset could take itself back: both halves of effective, permitted and inheritable capabilities in turn, the
    /// same as asked for, ambient ones, bounding ones.
    CapabilitiesBack,
    /// Seconds that a timer has still to run: seconds and units that it had, units a second, times then and now in
    /// nanoseconds, whether it ran on since (0: by processor time).
    SecondsLeft,
    /// Units beyond these seconds, of the same.
    UnitsLeft,
}

impl Reckoning {
    /// In a few words, which its values follow.
    pub fn describe(self) -> &'static str {
        match self {
            Self::HasSignal => "has signal",
            Self::SignalSet => "set of signal",
            Self::HasBit => "has bit",
            Self::Lowers => "is lower",
            Self::NiceBack => "nice value can be put back",
            Self::ScheduleBack => "scheduling can be put back",
            Self::UsersBack => "user ids can be put back",
            Self::GroupsBack => "group ids can be put back",
            Self::CapabilitiesBack => "capabilities can be put back",
            Self::SecondsLeft => "seconds left",
            Self::UnitsLeft => "units left",
        }
    }

    /// The result; nothing if there are too few values.
    pub fn of(self, values: &[u64]) -> Option<u64> {
        let at = |index: usize| values.get(index).copied();
        Some(match self {
            Self::HasSignal => has(at(0)?, at(1)?.wrapping_sub(1)),
            Self::SignalSet => 1u64.checked_shl(u32::try_from(at(0)?.checked_sub(1)?).ok()?)?,
            Self::HasBit => has(at(0)?, at(1)?),
            Self::Lowers => u64::from(at(1)? < at(0)?),
            Self::NiceBack => u64::from(nice_back(20 - at(0)? as i32, at(1)? as i32, at(2)?, at(3)?)),
            Self::ScheduleBack => {
                let (old, asked) = (schedule(values.get(0..4)?)?, schedule(values.get(4..8)?)?);
                u64::from(schedule_back(old, asked, at(8)?, at(9)?, at(10)?))
            }
            Self::UsersBack => {
                let capabilities = Capabilities { ambient: at(14)?, ..capabilities(values.get(8..14)?)? };
                let args = [at(1)? as u32, at(2)? as u32, at(3)? as u32];
                u64::from(users_back(setter(at(0)?), args, ids(values.get(4..8)?)?, capabilities, at(15)?))
            }
            Self::GroupsBack => {
                let args = [at(1)? as u32, at(2)? as u32, at(3)? as u32];
                u64::from(groups_back(setter(at(0)?), args, ids(values.get(4..8)?)?, at(8)?))
            }
            Self::CapabilitiesBack => {
                let old = Capabilities { ambient: at(12)?, ..capabilities(values.get(0..6)?)? };
                u64::from(capabilities_back(old, capabilities(values.get(6..12)?)?, at(13)?))
            }
            Self::SecondsLeft => left(values)? / at(2)?.max(1),
            Self::UnitsLeft => left(values)? % at(2)?.max(1),
        })
    }
}

fn has(set: u64, bit: u64) -> u64 {
    u64::from(bit < 64 && set >> bit & 1 != 0)
}

fn setter(ids: u64) -> Setter {
    match ids {
        1 => Setter::One,
        2 => Setter::Two,
        3 => Setter::Three,
        _ => Setter::File,
    }
}

fn ids(values: &[u64]) -> Option<Ids> {
    let at = |index: usize| values.get(index).map(|id| *id as u32);
    Some(Ids { real: at(0)?, effective: at(1)?, saved: at(2)?, file: at(3)? })
}

fn schedule(values: &[u64]) -> Option<Schedule> {
    let at = |index: usize| values.get(index).copied();
    Some(Schedule { policy: at(0)? as u32, flags: at(1)?, nice: at(2)? as i32, priority: at(3)? as u32 })
}

/// As capget tells them: three sets, the lower 32 of each, then the upper.
fn capabilities(values: &[u64]) -> Option<Capabilities> {
    let set = |index: usize| Some(values.get(index)? | values.get(index + 3)? << 32);
    Some(Capabilities { effective: set(0)?, permitted: set(1)?, inheritable: set(2)?, ambient: 0 })
}

/// Units that a timer has still to run. One that was due meanwhile has the least that is: it goes off at once.
fn left(values: &[u64]) -> Option<u64> {
    let [seconds, units, per_second, then, now, runs] = values else { return None };
    let had = u128::from(*seconds) * u128::from(*per_second) + u128::from(*units);
    let passed = if *runs == 0 { 0 } else { now.saturating_sub(*then) };
    let passed = u128::from(passed) * u128::from(*per_second) / 1_000_000_000;
    let left = if had == 0 { 0 } else { had.saturating_sub(passed).max(1) };
    u64::try_from(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_goes_on_as_if_nothing_had_been() {
        let half = 500_000_000;
        let left = |seconds, units, passed| {
            let values = [seconds, units, 1_000_000, 7, 7 + passed, 1];
            (Reckoning::SecondsLeft.of(&values), Reckoning::UnitsLeft.of(&values))
        };
        assert_eq!(left(2, 250_000, half), (Some(1), Some(750_000)));
        assert_eq!(left(0, 250_000, half), (Some(0), Some(1)));
        assert_eq!(left(0, 0, half), (Some(0), Some(0)));
        assert_eq!(Reckoning::UnitsLeft.of(&[0, 9, 1_000_000, 7, 7 + half, 0]), Some(9));
    }

    #[test]
    fn an_endless_limit_is_higher_than_any() {
        assert_eq!(Reckoning::Lowers.of(&[u64::MAX, 5]), Some(1));
        assert_eq!(Reckoning::Lowers.of(&[5, u64::MAX]), Some(0));
    }
}
