//! A place inside captured memory, by the way that a plan names it: `.it_value.tv_sec`, `[1].data`.

use super::{CMSG, Count, FAMILIES, Int, Layout, SOCKADDR, Shape, Tail, Type, named};
use crate::syscalls::nearest;

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// `.name`
    Field(String),
    /// `[index]`
    Index(usize),
}

/// A number inside memory.
#[derive(Debug, Clone)]
pub struct Place {
    /// Offsets of the pointers that are followed, each in the memory that the one before points to.
    pub hops: Vec<usize>,
    /// Where it lies in the last memory.
    pub offset: usize,
    /// What it is.
    pub int: Int,
    /// The element of the first memory that it lies in, if that is a list.
    pub element: Option<usize>,
    /// What must hold in the last memory, else there is no such number.
    pub checks: Vec<Check>,
}

/// A number that must be as the place takes for granted.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Where it lies.
    pub offset: usize,
    /// What it is.
    pub int: Int,
    /// It must be equal, not just as large.
    pub equal: bool,
    /// What it must be.
    pub value: u64,
}

/// Why there is no such number: the end of "`name` …", and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How much of the way there is: `what` is said of its end.
    pub depth: usize,
    /// `has no field "st_sice"`
    pub what: String,
    /// `did you mean …`, or nothing; `NAME` stands for what it is said of.
    pub help: String,
}

fn missing(what: impl Into<String>, help: impl Into<String>) -> Missing {
    Missing { depth: 0, what: what.into(), help: help.into() }
}

/// Finds a number in memory of that shape.
pub fn locate(shape: Shape, path: &[Access]) -> Result<Place, Missing> {
    let mut walk = Walk {
        at: At::Shape(shape),
        place: Place { hops: Vec::new(), offset: 0, int: Int::plain(8, false), element: None, checks: Vec::new() },
        message: None,
    };
    for (depth, access) in path.iter().enumerate() {
        walk.step(access).map_err(|missing| Missing { depth, ..missing })?;
    }
    walk.end().map_err(|missing| Missing { depth: path.len(), ..missing })
}

/// Where a walk stands.
#[derive(Clone, Copy)]
enum At {
    Shape(Shape),
    Type(Type),
}

struct Walk {
    at: At,
    place: Place,
    /// The begin of the control message whose data are entered.
    message: Option<usize>,
}

impl Walk {
    fn step(&mut self, access: &Access) -> Result<(), Missing> {
        if let At::Type(Type::Pointer(to)) = self.at {
            let what = format!("leads to bytes, which have no {}", spell(access));
            let shape = named(to).ok_or_else(|| missing(what, "a capture of the buffer itself can say `as:`"))?;
            self.place.hops.push(self.place.offset);
            self.place.offset = 0;
            self.place.checks.clear();
            self.at = At::Shape(shape);
        }
        if let At::Shape(Shape { element, count: Count::One }) = self.at {
            self.at = At::Type(element);
        }
        match (self.at, access) {
            (At::Shape(shape), Access::Index(index)) => self.element(shape, *index),
            (At::Type(Type::Array(of, count)), Access::Index(index)) => {
                if *index >= count {
                    return Err(missing(format!("has {count} elements, and no number {index}"), ""));
                }
                self.place.offset += index * of.size();
                self.at = At::Type(*of);
                Ok(())
            }
            (At::Type(Type::Struct(layout)), Access::Field(name)) => self.field(layout, name),
            (At::Shape(shape), Access::Field(_)) => {
                Err(missing(format!("is a list ({})", shape.name()), "an element is written `${NAME[0].field}`"))
            }
            (At::Type(ty), access) => Err(missing(format!("is {} and has no {}", ty.name(), spell(access)), "")),
        }
    }

    fn element(&mut self, shape: Shape, index: usize) -> Result<(), Missing> {
        let layout = shape.layout();
        if layout.is_some_and(|layout| layout.tail != Tail::None) && index > 0 {
            return Err(missing(
                "has entries of differing length: only the first can be used",
                "the report shows them all",
            ));
        }
        if let Count::Exactly(count) = shape.count
            && index >= count
        {
            return Err(missing(format!("has {count} elements, and no number {index}"), ""));
        }
        if self.place.hops.is_empty() && shape.count == Count::Many {
            self.place.element = Some(index);
        }
        self.place.offset = index
            .checked_mul(shape.element.size())
            .and_then(|offset| offset.checked_add(self.place.offset))
            .ok_or_else(|| missing(format!("has no element {index}"), ""))?;
        self.at = At::Type(shape.element);
        Ok(())
    }

    fn field(&mut self, layout: &'static Layout, name: &str) -> Result<(), Missing> {
        let begin = self.place.offset;
        if std::ptr::eq(layout, &CMSG) && name == "cmsg_data" {
            self.message = Some(begin);
            self.place.offset += CMSG.size;
            self.at = At::Shape(Shape { element: Type::Int(Int::plain(4, true)), count: Count::Many });
            return Ok(());
        }
        let families = if layout.name == SOCKADDR.name { FAMILIES } else { &[] };
        let mut of_family = families.iter().filter_map(|family| Some((*family, family.field(name)?)));
        let found = layout.field(name).map(|field| (layout, field)).or_else(|| of_family.next());
        let Some((owner, field)) = found else {
            let known = layout.fields.iter().chain(families.iter().flat_map(|family| family.fields));
            let known: Vec<&str> = known.map(|field| field.name).collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(missing(format!("is struct {} and has no field `{name}`", layout.name), help));
        };
        if !std::ptr::eq(owner, layout)
            && let Some(family) = owner.fields.first()
        {
            let check = Check { offset: begin, int: Int::plain(2, false), equal: true, value: family.default };
            self.place.checks.push(check);
        }
        self.place.offset += field.offset;
        self.at = At::Type(field.ty);
        Ok(())
    }

    fn end(mut self) -> Result<Place, Missing> {
        let ty = match self.at {
            At::Shape(Shape { element, count: Count::One }) => element,
            At::Shape(_) => {
                return Err(missing("is a list and no number", "an element is written `${NAME[0]}`"));
            }
            At::Type(ty) => ty,
        };
        self.place.int = match ty {
            Type::Int(int) => int,
            Type::Signals | Type::Pointer(_) => Int::plain(8, false),
            Type::Struct(layout) => {
                let help = match layout.fields.first() {
                    Some(field) => format!("a field is written `${{NAME.{}}}`", field.name),
                    None => String::new(),
                };
                return Err(missing(format!("is struct {} and no number", layout.name), help));
            }
            ty => return Err(missing(format!("is {} and no number", ty.name()), "")),
        };
        // The data of a control message are there only if its length says so.
        if let Some(message) = self.message {
            let value = (self.place.offset + self.place.int.size - message) as u64;
            self.place.checks.push(Check { offset: message, int: Int::plain(8, false), equal: false, value });
        }
        Ok(self.place)
    }
}

fn spell(access: &Access) -> String {
    match access {
        Access::Field(name) => format!("field `{name}`"),
        Access::Index(index) => format!("element {index}"),
    }
}
