//! What the kernel lets a thread go back to once it has changed what it is (kernel/sys.c, kernel/sched/syscalls.c,
//! security/commoncap.c). Asked before the change: nobody else could take it back.

const SETGID: u64 = 1 << 6;
const SETUID: u64 = 1 << 7;
const SETPCAP: u64 = 1 << 8;
const SYS_NICE: u64 = 1 << 23;

/// `CAP_FS_SET`: what a change of the file-system user takes and gives.
const FILE_CAPABILITIES: u64 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 9 | 1 << 27 | 1 << 32;
/// Securebits.
const NO_SETUID_FIXUP: u64 = 1 << 2;
const KEEP_CAPS: u64 = 1 << 4;

/// "Leave it as it is."
const SAME: u32 = u32::MAX;

/// User or group ids of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    pub real: u32,
    pub effective: u32,
    pub saved: u32,
    pub file: u32,
}

/// The calls that set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setter {
    /// setuid, setgid.
    One,
    /// setreuid, setregid.
    Two,
    /// setresuid, setresgid.
    Three,
    /// setfsuid, setfsgid.
    File,
}

impl Ids {
    fn has(self, id: u32) -> bool {
        [self.real, self.effective, self.saved].contains(&id)
    }

    /// Real, effective and saved.
    fn all(self) -> [u32; 3] {
        [self.real, self.effective, self.saved]
    }

    fn any_root(self) -> bool {
        self.has(0)
    }

    /// What a call makes of them, if it is allowed.
    pub fn after(self, setter: Setter, args: [u32; 3], privileged: bool) -> Self {
        let [first, second, third] = args;
        let or = |given: u32, old: u32| if given == SAME { old } else { given };
        match setter {
            Setter::One if privileged => Self { real: first, effective: first, saved: first, file: first },
            Setter::One => Self { effective: first, file: first, ..self },
            Setter::Two => {
                let (real, effective) = (or(first, self.real), or(second, self.effective));
                let saves = first != SAME || (second != SAME && second != self.real);
                Self { real, effective, saved: if saves { effective } else { self.saved }, file: effective }
            }
            Setter::Three => {
                let effective = or(second, self.effective);
                Self { real: or(first, self.real), effective, saved: or(third, self.saved), file: effective }
            }
            Setter::File if privileged || self.has(first) || first == self.file => Self { file: first, ..self },
            Setter::File => self,
        }
    }

    /// Whether a thread of these ids may take on others.
    fn may_become(self, then: Self, privileged: bool) -> bool {
        privileged || then.all().iter().all(|id| self.has(*id))
    }

    /// Whether a thread that has come back to `self` but for the file-system id may set that, too.
    fn may_set_file(self, privileged: bool) -> bool {
        privileged || self.has(self.file)
    }
}

/// Capabilities of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    pub effective: u64,
    pub permitted: u64,
    pub inheritable: u64,
    pub ambient: u64,
}

impl Capabilities {
    /// What a change of user ids leaves.
    fn after(self, securebits: u64, setter: Setter, old: Ids, new: Ids) -> Self {
        let mut left = self;
        if securebits & NO_SETUID_FIXUP != 0 {
            return left;
        }
        if setter == Setter::File {
            match (old.file == 0, new.file == 0) {
                (true, false) => left.effective &= !FILE_CAPABILITIES,
                (false, true) => left.effective |= FILE_CAPABILITIES & left.permitted,
                _ => {}
            }
            return left;
        }
        if old.any_root() && !new.any_root() {
            if securebits & KEEP_CAPS == 0 {
                (left.effective, left.permitted) = (0, 0);
            }
            left.ambient = 0;
        }
        match (old.effective == 0, new.effective == 0) {
            (true, false) => left.effective = 0,
            (false, true) => left.effective = left.permitted,
            _ => {}
        }
        left
    }

    /// Whether capset brings these back to a thread that has `now`.
    fn can_be_had_again(self, now: Self) -> bool {
        self.permitted & !now.permitted == 0 && self.ambient == now.ambient
    }
}

/// Whether a thread could take back a change of its user ids: the ids, and then its capabilities by capset.
pub fn users_back(setter: Setter, args: [u32; 3], ids: Ids, capabilities: Capabilities, securebits: u64) -> bool {
    let new = ids.after(setter, args, capabilities.effective & SETUID != 0);
    let left = capabilities.after(securebits, setter, ids, new);
    if setter == Setter::File {
        return (left.effective & SETUID != 0 || new.has(ids.file)) && capabilities.can_be_had_again(left);
    }
    let again = left.after(securebits, Setter::Three, new, ids);
    new.may_become(ids, left.effective & SETUID != 0)
        && capabilities.can_be_had_again(again)
        && ids.may_set_file(capabilities.effective & SETUID != 0)
}

/// Whether a thread could take back a change of its group ids.
pub fn groups_back(setter: Setter, args: [u32; 3], ids: Ids, effective: u64) -> bool {
    let privileged = effective & SETGID != 0;
    let new = ids.after(setter, args, privileged);
    let back = if setter == Setter::File { new.has(ids.file) } else { ids.may_set_file(false) };
    privileged || (new.may_become(ids, false) && back)
}

/// Whether capset could take itself back.
pub fn capabilities_back(old: Capabilities, asked: Capabilities, bounding: u64) -> bool {
    let left = Capabilities { ambient: old.ambient & asked.permitted & asked.inheritable, ..asked };
    let free = asked.effective & SETPCAP != 0;
    let inheritable = free || old.inheritable & !(asked.inheritable | asked.permitted) == 0;
    old.can_be_had_again(left) && inheritable && old.inheritable & !(asked.inheritable | bounding) == 0
}

/// Whether a nice value may be lowered to this one: `limit` is RLIMIT_NICE.
fn may_lower_nice(nice: i32, limit: u64) -> bool {
    (20 - i64::from(nice)) as u64 <= limit
}

/// Whether a thread whose nice value becomes `asked` may go back.
pub fn nice_back(old: i32, asked: i32, privileges: u64, limit: u64) -> bool {
    old >= asked.clamp(-20, 19) || privileges & SYS_NICE != 0 || may_lower_nice(old, limit)
}

/// How a thread is scheduled, as in `struct sched_attr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    pub policy: u32,
    pub flags: u64,
    pub nice: i32,
    pub priority: u32,
}

/// SCHED_FLAG_*.
const RESET_ON_FORK: u64 = 1;
const KEEP_POLICY: u64 = 8;
const KEEP_PARAMETERS: u64 = 16;

impl Schedule {
    const IDLE: u32 = 5;

    /// What a call that asks for this makes of `old`.
    fn over(self, old: Self) -> Self {
        let mut new = self;
        if self.flags & KEEP_POLICY != 0 {
            new.policy = old.policy;
        }
        if self.flags & KEEP_PARAMETERS != 0 {
            (new.nice, new.priority) = (old.nice, old.priority);
        }
        new
    }

    fn is_fair(self) -> bool {
        !matches!(self.policy, 1 | 2 | 6)
    }
}

/// Whether a thread that is scheduled as asked may go back: limits are RLIMIT_NICE and RLIMIT_RTPRIO.
pub fn schedule_back(old: Schedule, asked: Schedule, privileges: u64, nice_limit: u64, priority_limit: u64) -> bool {
    let new = asked.over(old);
    // Only a fair policy sets the nice value.
    let nice = if new.is_fair() { new.nice.clamp(-20, 19) } else { old.nice };
    let allowed = match old.policy {
        1 | 2 => {
            (old.policy == new.policy || priority_limit != 0)
                && (old.priority <= new.priority || u64::from(old.priority) <= priority_limit)
        }
        6 => false,
        _ => old.nice >= nice || may_lower_nice(old.nice, nice_limit),
    };
    let leaves_idle = new.policy == Schedule::IDLE && old.policy != Schedule::IDLE;
    let forgets = new.flags & !old.flags & RESET_ON_FORK != 0;
    let free = allowed && !forgets && (!leaves_idle || may_lower_nice(nice, nice_limit));
    free || privileges & SYS_NICE != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Ids = Ids { real: 0, effective: 0, saved: 0, file: 0 };
    const USER: Ids = Ids { real: 7, effective: 7, saved: 7, file: 7 };
    const ALL: Capabilities = Capabilities { effective: !0, permitted: !0, inheritable: 0, ambient: 0 };
    const NONE: Capabilities = Capabilities { effective: 0, permitted: 0, ..ALL };

    #[test]
    fn root_comes_back_as_long_as_one_of_its_ids_is_root() {
        assert!(users_back(Setter::Three, [SAME, 7, SAME], ROOT, ALL, 0));
        assert!(users_back(Setter::Three, [7, 7, 0], ROOT, ALL, 0));
        assert!(!users_back(Setter::Three, [7, 7, 7], ROOT, ALL, 0));
        assert!(!users_back(Setter::One, [7, 0, 0], ROOT, ALL, 0));
        assert!(users_back(Setter::Two, [SAME, 7, 0], ROOT, ALL, 0));
        assert!(!users_back(Setter::Two, [7, 7, 0], ROOT, ALL, 0));
        assert!(users_back(Setter::File, [7, 0, 0], ROOT, ALL, 0));
    }

    #[test]
    fn capabilities_that_are_kept_bring_root_back_only_if_they_are_in_effect() {
        // With keepcaps those permitted stay, but none is in effect, and nobody raises one before the ids are back.
        assert!(!users_back(Setter::Three, [7, 7, 7], ROOT, ALL, KEEP_CAPS));
        assert!(users_back(Setter::Three, [7, 7, 7], ROOT, ALL, NO_SETUID_FIXUP));
    }

    #[test]
    fn a_plain_user_comes_back_to_ids_that_it_has_left_somewhere() {
        let mixed = Ids { saved: 8, ..USER };
        assert!(users_back(Setter::Two, [SAME, 8, 0], mixed, NONE, 0));
        assert!(!users_back(Setter::Three, [SAME, SAME, 7], mixed, NONE, 0));
        assert!(groups_back(Setter::One, [8, 0, 0], mixed, 0));
        assert!(!groups_back(Setter::Three, [8, 8, 8], mixed, 0));
        assert!(groups_back(Setter::Three, [8, 8, 8], mixed, SETGID));
    }

    #[test]
    fn a_user_with_capabilities_that_becomes_root_would_lose_them_on_the_way_back() {
        let some = Capabilities { effective: SETUID, permitted: SETUID, ..NONE };
        assert!(!users_back(Setter::One, [0, 0, 0], USER, some, 0));
        assert!(users_back(Setter::One, [8, 0, 0], USER, some, 0));
    }

    #[test]
    fn what_is_no_longer_permitted_is_gone() {
        assert!(capabilities_back(ALL, Capabilities { effective: 0, ..ALL }, !0));
        assert!(!capabilities_back(ALL, Capabilities { permitted: !1, effective: 0, ..ALL }, !0));
        let held = Capabilities { inheritable: 1, permitted: 2, ..NONE };
        assert!(!capabilities_back(held, Capabilities { inheritable: 0, ..held }, !0));
        let ambient = Capabilities { inheritable: 2, permitted: 2, ambient: 2, ..NONE };
        assert!(!capabilities_back(ambient, Capabilities { inheritable: 0, ..ambient }, !0));
    }

    #[test]
    fn without_privilege_only_lower_ranks_are_left_for_good() {
        assert!(!nice_back(0, 5, 0, 0));
        assert!(nice_back(0, 5, SYS_NICE, 0));
        assert!(nice_back(0, 5, 0, 20));
        assert!(nice_back(5, 0, 0, 0));
        let normal = Schedule { policy: 0, flags: 0, nice: 0, priority: 0 };
        let idle = Schedule { policy: Schedule::IDLE, ..normal };
        assert!(!schedule_back(normal, idle, 0, 0, 0));
        assert!(schedule_back(normal, idle, 0, 20, 0));
        assert!(schedule_back(normal, Schedule { policy: 3, ..normal }, 0, 0, 0));
        assert!(!schedule_back(normal, Schedule { flags: RESET_ON_FORK, ..normal }, 0, 0, 0));
        let real_time = Schedule { policy: 1, priority: 9, ..normal };
        assert!(!schedule_back(real_time, normal, 0, 0, 0));
        assert!(schedule_back(real_time, normal, 0, 0, 9));
    }
}
