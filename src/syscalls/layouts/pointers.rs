//! Where pointers lie in memory, and the numbers beside them that tell how long is what they lead to.

use super::{Count, Counts, Int, Layout, Shape, Type, named};

/// A pointer in memory.
#[derive(Debug, Clone, Copy)]
pub struct Pointing {
    /// The field that it is.
    pub field: &'static str,
    /// Where it lies.
    pub offset: usize,
    /// The C type of what it leads to; "" is bytes.
    pub to: &'static str,
    /// The number that tells how long that is.
    pub length: Option<Length>,
}

/// A number in memory that is a length.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// Where it lies.
    pub offset: usize,
    /// What it is.
    pub int: Int,
    /// How many bytes it counts as one.
    pub unit: usize,
}

/// Every pointer in `size` bytes of that shape.
pub fn pointers(shape: Shape, size: usize) -> Vec<Pointing> {
    let mut all = Vec::new();
    if holds_pointers(shape.element) {
        let element = shape.element.size().max(1);
        let count = match shape.count {
            Count::One => 1,
            Count::Exactly(count) => count,
            Count::Many => size / element,
        };
        (0..count).for_each(|index| inside(shape.element, index * element, &mut all));
    }
    all
}

/// Whether there are any.
pub fn holds_pointers(ty: Type) -> bool {
    match ty {
        Type::Pointer(_) => true,
        Type::Struct(layout) => layout.fields.iter().any(|field| holds_pointers(field.ty)),
        Type::Array(of, _) => holds_pointers(*of),
        _ => false,
    }
}

fn inside(ty: Type, base: usize, all: &mut Vec<Pointing>) {
    match ty {
        Type::Pointer(to) => all.push(Pointing { field: "", offset: base, to, length: None }),
        Type::Array(of, count) => (0..count).for_each(|index| inside(*of, base + index * of.size(), all)),
        Type::Struct(layout) => {
            for field in layout.fields {
                match field.ty {
                    Type::Pointer(to) => {
                        let length = length(layout, field.name, to, base);
                        all.push(Pointing { field: field.name, offset: base + field.offset, to, length });
                    }
                    ty => inside(ty, base + field.offset, all),
                }
            }
        }
        _ => {}
    }
}

fn length(layout: &Layout, pointer: &str, to: &str, base: usize) -> Option<Length> {
    layout.fields.iter().find_map(|field| {
        let unit = match field.counts {
            Counts::Bytes(of) if of == pointer => 1,
            Counts::Elements(of) if of == pointer => named(to).map_or(1, |shape| shape.element.size()),
            _ => return None,
        };
        let Type::Int(int) = field.ty else { return None };
        Some(Length { offset: base + field.offset, int, unit })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_stand_beside_their_pointers() {
        let places = |name: &str, size| -> Vec<(usize, Option<(usize, usize)>)> {
            let all = named(name).map(|shape| pointers(shape, size)).unwrap_or_default();
            all.iter().map(|one| (one.offset, one.length.map(|length| (length.offset, length.unit)))).collect()
        };
        assert_eq!(places("struct msghdr", 56), [(0, Some((8, 1))), (16, Some((24, 16))), (32, Some((40, 1)))]);
        assert_eq!(places("struct iovec[]", 32), [(0, Some((8, 1))), (16, Some((24, 1)))]);
        assert_eq!(places("struct mmsghdr[]", 128).len(), 6);
        assert_eq!(places("struct timespec", 16), []);
    }
}
