//! Keeps things sorted.

use std::collections::HashMap;
use std::{fmt, io};

const LIMIT: usize = 10;

/// A sorted list.
///
/// Fast.
#[derive(Debug, Clone)]
pub struct SortedList<T: Ord> {
    items: Vec<T>,
}

pub enum Order {
    Up,
    Down,
}

pub trait Sort {
    /// Sorts.
    fn sort(&mut self);
    fn reversed(&self) -> bool {
        false
    }
}

impl<T: Ord> SortedList<T> {
    const X: u8 = 1;

    /// Creates one.
    #[inline]
    pub fn new(items: Vec<T>) -> Self {
        Self { items }
    }
}

impl<T> fmt::Display for SortedList<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "x")
    }
}

/// Makes a list.
#[macro_export]
macro_rules! list {
    ($($x:expr),*) => { SortedList::new(vec![$($x),*]) };
}

type Pair = (u8, u8);

mod inner {
    pub async fn work() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts() {
        assert!(true);
    }
}
