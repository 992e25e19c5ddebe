//! Vector and other extended state: its image for a signal frame.
//!
//! The kernel takes the extended part of the image only if `FP_XSTATE_MAGIC2` stands where it looks for it, which is at the
//! size the frame names (arch/x86/kernel/fpu/signal.c) or, in older kernels, at the thread's `user_size`: so the frame
//! names that size. In a wrong place ymm and zmm are lost without a word.

use crate::target::{Fault, NT_X86_XSTATE, Tracee};
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

/// Where a signal frame's image has its `struct _fpx_sw_bytes`.
const SOFTWARE_BYTES: usize = 464;
/// Offset of `xstate_bv` in the image, and of the end of the header.
const XSTATE_BV: usize = 512;
const HEADER_END: usize = 576;
const FP_XSTATE_MAGIC1: u32 = 0x4650_5853;
const FP_XSTATE_MAGIC2: u32 = 0x4650_5845;
/// XTILEDATA: a thread has room for it only after it asked (arch_prctl ARCH_REQ_XCOMP_PERM) and used it.
const DYNAMIC: u64 = 1 << 18;

/// A thread's extended state in the layout of a signal frame, magic numbers included.
#[derive(Debug, Clone)]
pub struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Reads it from a stopped thread.
    pub fn read(tracee: Tracee) -> Result<Self, Fault> {
        let mut bytes = vec![0; 16 * 1024];
        let length = tracee.register_set(NT_X86_XSTATE, &mut bytes)?;
        bytes.truncate(length);
        Self::new(bytes).ok_or(Fault::Refused(nix::errno::Errno::EOPNOTSUPP))
    }

    /// From a register set in the standard (not compacted) layout.
    fn new(mut bytes: Vec<u8>) -> Option<Self> {
        // The kernel tells the features it manages (XCR0) at the begin of the software bytes.
        let features = u64_at(&bytes, SOFTWARE_BYTES)?;
        let present = u64_at(&bytes, XSTATE_BV)?;
        let features = if present & DYNAMIC == 0 { features & !DYNAMIC } else { features };
        let size = size_of_features(features);
        if bytes.len() < size {
            return None;
        }
        bytes.truncate(size);
        bytes.extend_from_slice(&FP_XSTATE_MAGIC2.to_le_bytes());
        let software = bytes.get_mut(SOFTWARE_BYTES..XSTATE_BV)?;
        software.fill(0);
        software[0..4].copy_from_slice(&FP_XSTATE_MAGIC1.to_le_bytes());
        software[4..8].copy_from_slice(&(size as u32 + 4).to_le_bytes());
        software[8..16].copy_from_slice(&features.to_le_bytes());
        software[16..20].copy_from_slice(&(size as u32).to_le_bytes());
        Some(Self { bytes })
    }

    /// One without contents, as large as that of most threads here: none has room for dynamic features before it uses them.
    pub fn typical() -> Self {
        let leaf = __cpuid_count(0xd, 0);
        let offered = u64::from(leaf.eax) | u64::from(leaf.edx) << 32;
        // EBX is the size of what the kernel has enabled.
        let size = size_of_features(offered & !DYNAMIC).min(leaf.ebx as usize);
        Self { bytes: vec![0; size + size_of::<u32>()] }
    }

    /// What a landing frame with it takes of a room, in bytes.
    pub fn frame_size(&self) -> u64 {
        super::frame::size(self) as u64
    }

    /// What goes to `uc_mcontext.fpstate`, at an address divisible by 64.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset + 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// Where each feature ends in the standard layout, once it was asked for. A virtual machine is left for each CPUID, which takes
/// longer than a call in the target: those of most threads are asked for before the stop, by [`Image::typical`].
static ENDS: [OnceLock<usize>; 63] = [const { OnceLock::new() }; 63];

/// Size of the standard layout that holds these features (CPUID leaf 0xD: size in EAX, offset in EBX).
fn size_of_features(features: u64) -> usize {
    let end = |feature: u32| {
        let leaf = __cpuid_count(0xd, feature);
        leaf.ebx as usize + leaf.eax as usize
    };
    let known = (2..).zip(ENDS.iter().skip(2)).filter(|(feature, _)| features & (1 << feature) != 0);
    known.map(|(feature, known)| *known.get_or_init(|| end(feature))).fold(HEADER_END, usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_magic_number_stands_at_the_size_that_the_frame_names() {
        let mut set = vec![0u8; 11_008];
        set[SOFTWARE_BYTES..SOFTWARE_BYTES + 8].copy_from_slice(&0b111u64.to_le_bytes());
        let image = Image::new(set).unwrap();
        let size = u32::from_le_bytes(image.bytes()[480..484].try_into().unwrap()) as usize;
        assert_eq!(size, 832, "x87, SSE and AVX");
        assert_eq!(image.bytes()[size..], FP_XSTATE_MAGIC2.to_le_bytes());
    }

    #[test]
    fn a_set_too_short_for_its_features_is_no_image() {
        assert!(Image::new(vec![0xff; 600]).is_none());
        assert!(Image::new(vec![]).is_none());
    }
}
