//! The values of a column as far as they are kept: counted exactly while they are few, then whole, then sampled.

use super::{Kind, Settings, TEXT_BYTES_MAX};
use crate::sketch::{distinct::Distinct, hash_text, mix, quantiles::Quantiles, sample::Sample, top::Top};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Empty,
    /// Every distinct number with its count.
    CountedNumbers(HashMap<u64, u64, BuildHasherDefault<BitsHasher>>),
    Numbers(Box<Numbers>),
    CountedTexts(HashMap<Box<str>, u64>),
    Texts(Box<Texts>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbers {
    pub(super) sample: Sample<f64>,
    /// Of all numbers, once the sample is not whole any more.
    pub(super) sketches: Option<(Quantiles, Distinct)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Texts {
    pub(super) sample: Sample<Box<str>>,
    pub(super) top: Top,
    pub(super) distinct: Distinct,
}

impl Values {
    pub(super) fn of(kind: Kind) -> Self {
        if kind.is_number() {
            Self::CountedNumbers(HashMap::default())
        } else {
            Self::CountedTexts(HashMap::new())
        }
    }

    /// How many values it has seen; `None` when that is beyond counting.
    pub(super) fn rows(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::CountedNumbers(counts) => counts.values().try_fold(0_u64, |sum, &count| sum.checked_add(count)),
            Self::CountedTexts(counts) => counts.values().try_fold(0_u64, |sum, &count| sum.checked_add(count)),
            Self::Numbers(numbers) => Some(numbers.sample.seen()),
            Self::Texts(texts) => Some(texts.sample.seen()),
        }
    }

    pub(super) fn push_number(&mut self, number: f64, count: u64, settings: &Settings) {
        match self {
            Self::CountedNumbers(counts) => {
                *counts.entry(number.to_bits()).or_default() += count;
                if counts.len() > settings.levels {
                    self.spill(settings);
                }
            }
            Self::Numbers(numbers) => numbers.push_many(number, count),
            Self::Empty | Self::CountedTexts(_) | Self::Texts(_) => unreachable!("the column's kind is a number's"),
        }
    }

    pub(super) fn extend(&mut self, mut numbers: &[f64], settings: &Settings) {
        while let (Self::CountedNumbers(counts), Some((&number, rest))) = (&mut *self, numbers.split_first()) {
            *counts.entry((number + 0.0).to_bits()).or_default() += 1;
            if counts.len() > settings.levels {
                self.spill(settings);
            }
            numbers = rest;
        }
        if let Self::Numbers(kept) = self {
            kept.extend(numbers);
        }
    }

    pub(super) fn push_level(&mut self, level: &str, count: u64, settings: &Settings) {
        match self {
            Self::CountedTexts(counts) => {
                if let Some(known) = counts.get_mut(level) {
                    *known += count;
                    return;
                }
                counts.insert(level.into(), count);
                if counts.len() > settings.levels {
                    self.spill(settings);
                }
            }
            Self::Texts(texts) => texts.push(level, count),
            Self::Empty | Self::CountedNumbers(_) | Self::Numbers(_) => {
                unreachable!("the column's kind is that of a text")
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self, settings: &Settings) {
        match (&mut *self, other) {
            (_, Self::Empty) => {}
            (Self::Empty, other) => *self = other,
            (mine, Self::CountedNumbers(counts)) => {
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                for (bits, count) in counts {
                    mine.push_number(f64::from_bits(bits), count, settings);
                }
            }
            (mine, Self::CountedTexts(counts)) => {
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                for (level, count) in counts {
                    mine.push_level(&level, count, settings);
                }
            }
            (Self::Numbers(mine), Self::Numbers(theirs)) => mine.merge(*theirs),
            (Self::Texts(mine), Self::Texts(theirs)) => mine.merge(*theirs),
            (Self::CountedNumbers(_), other @ Self::Numbers(_)) | (Self::CountedTexts(_), other @ Self::Texts(_)) => {
                self.spill(settings);
                self.merge(other, settings);
            }
            (mine, theirs) => unreachable!("{mine:?} and {theirs:?} are of different kinds"),
        }
    }

    /// From counts to values, when there are too many distinct ones to count.
    fn spill(&mut self, settings: &Settings) {
        *self = match std::mem::replace(self, Self::Empty) {
            Self::CountedNumbers(counts) => {
                let mut numbers = Numbers::new(settings);
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                for (bits, count) in counts {
                    numbers.push_many(f64::from_bits(bits), count);
                }
                Self::Numbers(Box::new(numbers))
            }
            Self::CountedTexts(counts) => {
                let mut texts = Texts::new(settings);
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                for (level, count) in counts {
                    texts.push(&level, count);
                }
                Self::Texts(Box::new(texts))
            }
            other => other,
        };
    }
}

impl Numbers {
    fn new(settings: &Settings) -> Self {
        Self {
            sample: Sample::new(settings.sample, settings.seed),
            sketches: None,
        }
    }

    fn push(&mut self, number: f64) {
        let was_whole = self.sample.is_whole();
        if was_whole && self.sample.seen() == self.sample.capacity() as u64 {
            self.begin_sketches();
        }
        if let Some((quantiles, distinct)) = &mut self.sketches {
            quantiles.push(number);
            distinct.push(mix(number.to_bits(), 1));
        }
        self.sample.push(number);
    }

    fn push_many(&mut self, number: f64, count: u64) {
        let room = (self.sample.capacity() as u64).saturating_sub(self.sample.seen());
        if count <= room || count == 1 {
            (0..count).for_each(|_| self.push(number));
            return;
        }
        self.begin_sketches();
        if let Some((quantiles, distinct)) = &mut self.sketches {
            quantiles.push_many(number, count);
            distinct.push(mix(number.to_bits(), 1));
        }
        self.sample.push_many(&number, count);
    }

    fn extend(&mut self, numbers: &[f64]) {
        let room = self.sample.capacity().saturating_sub(self.sample.seen() as usize);
        let (fitting, rest) = numbers.split_at(room.min(numbers.len()));
        self.sample.extend(fitting);
        for &number in rest {
            self.push(number + 0.0);
        }
    }

    fn begin_sketches(&mut self) {
        if self.sketches.is_some() {
            return;
        }
        let (mut quantiles, mut distinct) = (Quantiles::new(mix(self.sample.seen(), 7)), Distinct::default());
        for &number in self.sample.values() {
            quantiles.push(number);
            distinct.push(mix(number.to_bits(), 1));
        }
        self.sketches = Some((quantiles, distinct));
    }

    fn merge(&mut self, mut other: Self) {
        let fits = self.sample.seen() + other.sample.seen() <= self.sample.capacity() as u64;
        if !(fits && self.sketches.is_none() && other.sketches.is_none()) {
            self.begin_sketches();
            other.begin_sketches();
        }
        if let (Some(mine), Some(theirs)) = (&mut self.sketches, &other.sketches) {
            mine.0.merge(&theirs.0);
            mine.1.merge(&theirs.1);
        }
        self.sample.merge(other.sample);
    }
}

impl Texts {
    fn new(settings: &Settings) -> Self {
        Self {
            sample: Sample::new(settings.sample, settings.seed),
            top: Top::default(),
            distinct: Distinct::default(),
        }
    }

    fn push(&mut self, level: &str, count: u64) {
        self.top.push(level, count);
        self.distinct.push(hash_text(level));
        self.sample.push_many(&level.into(), count);
    }

    fn merge(&mut self, other: Self) {
        self.top.merge(&other.top);
        self.distinct.merge(&other.distinct);
        self.sample.merge(other.sample);
    }
}

/// The beginning of a text that is too long to keep.
pub(super) fn cut(text: &str) -> &str {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let end = (0..=TEXT_BYTES_MAX).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// Hashes the bits of a number. Keys are an application's own data, and a table holds no more than some thousand.
#[derive(Debug, Default, Clone)]
pub(super) struct BitsHasher(u64);

impl Hasher for BitsHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = mix(self.0 ^ u64::from(byte), 1);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = mix(bits, 1);
    }
}
