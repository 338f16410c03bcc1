//! A series in memory, in place of the database.

use std::collections::BTreeMap;
use std::ops::Range;

use fettle_series::fold::{Folded, fold};
use fettle_series::point::Point;
use fettle_series::store::{Corrupt, FETCH_MAX, Source, Store};
use fettle_series::view::View;

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) rows: u64,
    pub(crate) blocks: BTreeMap<u32, Vec<u8>>,
    pub(crate) pages: BTreeMap<u32, Vec<u8>>,
    pub(crate) blocks_read: usize,
    pub(crate) blocks_written: usize,
}

impl Memory {
    pub(crate) fn fold(&mut self, points: Vec<Point>) -> Folded {
        let folded = fold(self, self.rows, points).expect("fold");
        self.rows = folded.rows;
        folded
    }

    pub(crate) fn view(&mut self, tail: Vec<Point>) -> View<'_, Self> {
        let rows = self.rows;
        View::open(self, rows, tail).expect("open")
    }
}

impl Source for Memory {
    type Error = Corrupt;

    fn blocks(&mut self, numbers: &[u32]) -> Result<Vec<(u32, Vec<u8>)>, Corrupt> {
        assert!(numbers.len() <= FETCH_MAX);
        self.blocks_read += numbers.len();
        let found = numbers
            .iter()
            .rev()
            .filter_map(|number| Some((*number, self.blocks.get(number)?.clone())));
        Ok(found.collect())
    }

    fn pages(&mut self, numbers: Range<u32>) -> Result<Vec<(u32, Vec<u8>)>, Corrupt> {
        Ok(self
            .pages
            .range(numbers)
            .rev()
            .map(|(&number, data)| (number, data.clone()))
            .collect())
    }
}

impl Store for Memory {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<(), Corrupt> {
        self.blocks_written += 1;
        self.blocks.insert(number, data.to_vec());
        Ok(())
    }

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<(), Corrupt> {
        self.pages.insert(number, data.to_vec());
        Ok(())
    }
}
