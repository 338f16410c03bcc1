//! Searching runs: which way leads to a page by looking at few of them.
//!
//! - A condition that few runs meet, as an index tells: those are looked at.
//! - An order by a metric, param or tag: along the index over its values, then the runs that lack it.
//! - Otherwise along the runs in the order of their start, or all of them sorted.
//!
//! The index over metrics follows in the background (`ranking.rs`). Runs that it has not caught up with are few; they
//! are looked at apart, and merged in. Several experiments are read each in its order and merged.

use super::{
    run_filter::{Few, push_one_or_many, push_predicate, text_column, time_column},
    runs::{COLUMN_COUNT, COLUMNS, Run},
};
use crate::{
    error::Result,
    keyset::{self, Key, Kind, Start, Term},
};
use fettle_db::{Query, Tx, params};
use fettle_search::{
    Direction, Filter, NumberOperator, Order,
    runs::{RunOrderKey, RunPredicate, RunTextAttribute, RunTimeAttribute},
};

/// Experiments that are read one by one; beyond, one statement sorts what it finds in all of them.
const MERGED_EXPERIMENTS: usize = 16;

pub struct RunSearch {
    pub workspace_id: i64,
    pub experiment_ids: Vec<i64>,
    pub stages: &'static [&'static str],
    pub filter: Filter<RunPredicate>,
    pub order: Vec<Order<RunOrderKey>>,
    pub terms: Vec<Term>,
    pub start: Start,
    pub limit: usize,
}

pub type Found = (Run, Vec<Key>);

/// The terms of an order; ties by start, newest first, then by id.
pub fn terms(order: &[Order<RunOrderKey>]) -> Vec<Term> {
    let last = [
        Term::new("r.start_time", Kind::Int, Direction::Descending),
        Term::new("r.run_uuid", Kind::Text, Direction::Ascending),
    ];
    let terms = order.iter().enumerate().map(|(index, by)| {
        let value = format!("o{index}.value");
        match &by.key {
            RunOrderKey::Text(attribute) => Term::new(text_column(*attribute), Kind::Text, by.direction),
            RunOrderKey::Time(attribute) => {
                let term = Term::new(time_column(*attribute), Kind::Int, by.direction);
                match attribute {
                    RunTimeAttribute::StartTime => term,
                    RunTimeAttribute::EndTime => term.optional(),
                }
            }
            RunOrderKey::Metric(_) => Term::new(value, Kind::Real, by.direction)
                .with_nan(format!("o{index}.is_nan"))
                .optional(),
            RunOrderKey::Param(_) | RunOrderKey::Tag(_) => Term::new(value, Kind::Text, by.direction).optional(),
        }
    });
    terms.chain(last).collect()
}

/// A way to runs in their order.
#[derive(Clone, Copy)]
enum Way<'s> {
    /// Of some experiments and stages, sorted or along an index as the engine sees fit.
    Plain(&'s [i64], &'s [&'static str]),
    Few(&'s Few<'s>),
    /// Of one experiment, those whose first term is of one class, along the index over it.
    Class(&'s i64, Class),
    /// Of those that the index over metrics has not caught up with.
    Unranked(&'s [i64]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Value,
    Nan,
    Missing,
}

impl RunSearch {
    /// A page of runs with their keys.
    pub fn run(&self, tx: &Tx) -> Result<Vec<Found>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        if self.experiment_ids.len() > MERGED_EXPERIMENTS || matches!(self.start, Start::Offset(_)) {
            return self.along(tx, &Way::Plain(&self.experiment_ids, self.stages), self.limit);
        }
        let few = Few::find(tx, &self.experiment_ids, self.filter.predicates(), self.limit)?;
        if let Some(few) = few {
            let mut lists = vec![self.along(tx, &Way::Few(&few), self.limit)?];
            if few.is_ranked() {
                lists.extend(self.unranked(tx)?);
            }
            return Ok(self.merged(lists));
        }
        let classes = self.classes();
        let mut lists = Vec::new();
        for experiment_id in &self.experiment_ids {
            if classes.is_empty() {
                for stage in self.stages.chunks(1) {
                    let way = Way::Plain(std::slice::from_ref(experiment_id), stage);
                    lists.push(self.along(tx, &way, self.limit)?);
                }
                continue;
            }
            let mut list = Vec::new();
            for &class in &classes {
                if list.len() < self.limit && self.reaches(class) {
                    list.extend(self.along(tx, &Way::Class(experiment_id, class), self.limit - list.len())?);
                }
            }
            lists.push(list);
        }
        if self.is_ranked() {
            lists.extend(self.unranked(tx)?);
        }
        Ok(self.merged(lists))
    }

    /// The classes of the first term, in their order; none if no index leads along it.
    fn classes(&self) -> Vec<Class> {
        let Some(first) = self.order.first() else {
            return Vec::new();
        };
        match &first.key {
            RunOrderKey::Metric(key) => {
                // A condition on the metric itself is met by no run that lacks it.
                let asked = self.filter.predicates().iter().filter_map(|predicate| match predicate {
                    RunPredicate::Metric { key: asked, comparison } if asked == key => Some(comparison.operator),
                    _ => None,
                });
                let asked: Vec<NumberOperator> = asked.collect();
                if asked.iter().any(|operator| *operator != NumberOperator::NotEqual) {
                    vec![Class::Value]
                } else if asked.is_empty() {
                    vec![Class::Value, Class::Nan, Class::Missing]
                } else {
                    vec![Class::Value, Class::Nan]
                }
            }
            RunOrderKey::Param(_) | RunOrderKey::Tag(_) | RunOrderKey::Time(RunTimeAttribute::EndTime) => {
                vec![Class::Value, Class::Missing]
            }
            RunOrderKey::Text(RunTextAttribute::RunName) => vec![Class::Value],
            RunOrderKey::Text(_) | RunOrderKey::Time(RunTimeAttribute::StartTime) => Vec::new(),
        }
    }

    /// Whether the order goes along the index over metrics.
    fn is_ranked(&self) -> bool {
        let first = self.order.first().map(|by| &by.key);
        matches!(first, Some(RunOrderKey::Metric(_)))
    }

    /// Whether the page may have rows of a class: not if it starts beyond.
    fn reaches(&self, class: Class) -> bool {
        match self.first_key() {
            Some(Key::Missing) => class == Class::Missing,
            Some(Key::Nan) => class != Class::Value,
            _ => true,
        }
    }

    fn first_key(&self) -> Option<&Key> {
        match &self.start {
            Start::After(keys) => keys.first(),
            Start::First | Start::Offset(_) => None,
        }
    }

    fn unranked(&self, tx: &Tx) -> Result<Option<Vec<Found>>> {
        let mut ids = Vec::new();
        for &experiment_id in &self.experiment_ids {
            let more = tx.query(
                "SELECT id FROM runs WHERE experiment_id = ?1 AND ranked = 0 ORDER BY id",
                params![experiment_id],
                |row| row.get::<i64>(0),
            )?;
            ids.extend(more);
        }
        if ids.is_empty() {
            return Ok(None);
        }
        self.along(tx, &Way::Unranked(&ids), self.limit).map(Some)
    }

    fn merged(&self, mut lists: Vec<Vec<Found>>) -> Vec<Found> {
        if lists.len() == 1 {
            return lists.swap_remove(0);
        }
        let mut found: Vec<Found> = lists.into_iter().flatten().collect();
        found.sort_by(|(_, a), (_, b)| keyset::compare(&self.terms, a, b));
        found.truncate(self.limit);
        found
    }

    fn along(&self, tx: &Tx, way: &Way<'_>, limit: usize) -> Result<Vec<Found>> {
        let mut query = Query::new("SELECT ");
        query.push(COLUMNS);
        self.push_keys(&mut query, way);
        self.push_tables(&mut query, way);
        query.push(" WHERE r.workspace_id = ").bind(self.workspace_id);
        self.push_way(tx, &mut query, way);
        for predicate in self.filter.predicates() {
            if matches!(way, Way::Few(few) if few.has_tested(predicate)) {
                continue;
            }
            query.push(" AND ");
            push_predicate(tx, &mut query, predicate);
        }
        let (terms, start) = self.terms_along(way);
        keyset::push_page(&mut query, &terms, &start, limit);
        Ok(query.run(tx, |row| {
            Ok((Run::read(row)?, keyset::keys(&self.terms, row, COLUMN_COUNT)?))
        })?)
    }

    /// The columns of all terms; those of a metric, param or tag that the run lacks have no table to come from.
    fn push_keys(&self, query: &mut Query, way: &Way<'_>) {
        match way {
            Way::Class(_, Class::Missing) => {
                let lacking = match self.terms[0].kind {
                    Kind::Int => ", CAST(NULL AS BIGINT)",
                    Kind::Real => ", CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE PRECISION)",
                    Kind::Text => ", CAST(NULL AS TEXT)",
                };
                query.push(lacking);
                keyset::push_columns(query, &self.terms[1..]);
            }
            _ => keyset::push_columns(query, &self.terms),
        }
    }

    fn push_tables(&self, query: &mut Query, way: &Way<'_>) {
        let first = match way {
            Way::Class(_, Class::Value | Class::Nan) => {
                // SQLite keeps to the order in which tables stand in a CROSS JOIN.
                match self.order.first().and_then(|by| joined(&by.key)) {
                    Some((table, _)) => query.push(&format!(" FROM {table} o0 CROSS JOIN runs r")),
                    None => query.push(" FROM runs r"),
                };
                1
            }
            Way::Class(_, Class::Missing) => {
                query.push(" FROM runs r");
                1
            }
            _ => {
                query.push(" FROM runs r");
                0
            }
        };
        for (index, by) in self.order.iter().enumerate().skip(first) {
            if let Some((table, key)) = joined(&by.key) {
                let on = format!(" LEFT JOIN {table} o{index} ON o{index}.run_id = r.id AND o{index}.key = ");
                query.push(&on).bind(key.to_owned());
            }
        }
    }

    fn push_way(&self, tx: &Tx, query: &mut Query, way: &Way<'_>) {
        let stages = match way {
            Way::Plain(experiment_ids, stages) => {
                query.push(" AND ");
                push_one_or_many(query, "r.experiment_id", experiment_ids);
                stages
            }
            Way::Few(few) => {
                query.push(" AND ");
                few.push(tx, query, &self.experiment_ids);
                if few.is_ranked() {
                    query.push(" AND r.ranked = 1");
                }
                self.stages
            }
            Way::Unranked(ids) => {
                query.push(" AND r.id IN_IDS(").bind(ids.to_vec()).push(")");
                self.stages
            }
            Way::Class(experiment_id, class) => {
                self.push_class(query, **experiment_id, *class);
                self.stages
            }
        };
        query.push(" AND ");
        push_one_or_many(query, "r.lifecycle_stage", stages);
    }

    fn push_class(&self, query: &mut Query, experiment_id: i64, class: Class) {
        let first = &self.order[0].key;
        match (joined(first), class) {
            (Some((table, key)), Class::Missing) => {
                query.push(" AND r.experiment_id = ").bind(experiment_id);
                query
                    .push(&format!(
                        " AND NOT EXISTS (SELECT 1 FROM {table} o0 WHERE o0.run_id = r.id AND o0.key = "
                    ))
                    .bind(key.to_owned());
                query.push(")");
            }
            (Some((_, key)), Class::Value | Class::Nan) => {
                query
                    .push(" AND r.id = o0.run_id AND o0.experiment_id = ")
                    .bind(experiment_id);
                query.push(" AND o0.key = ").bind(key.to_owned());
            }
            (None, _) => {
                query.push(" AND r.experiment_id = ").bind(experiment_id);
                if self.terms[0].optional {
                    let is = if class == Class::Missing {
                        "IS NULL"
                    } else {
                        "IS NOT NULL"
                    };
                    query.push(&format!(" AND {} {is}", self.terms[0].value));
                }
            }
        }
        if let RunOrderKey::Metric(key) = first {
            query.push(" AND r.ranked = 1");
            if class != Class::Missing {
                let nan = i64::from(class == Class::Nan);
                query.push(" AND o0.ranked_nan = ").bind(nan);
            }
            if class == Class::Value {
                self.push_ranked_bounds(query, key);
            }
        }
    }

    /// The conditions on the metric that gives the order say where on its index to begin and to end.
    fn push_ranked_bounds(&self, query: &mut Query, ordered_by: &str) {
        for predicate in self.filter.predicates() {
            match predicate {
                RunPredicate::Metric { key, comparison }
                    if key == ordered_by && comparison.operator != NumberOperator::NotEqual =>
                {
                    let symbol = comparison.operator.symbol();
                    query
                        .push(&format!(" AND o0.ranked_value {symbol} "))
                        .bind(comparison.value);
                }
                _ => {}
            }
        }
    }

    /// The terms as an index along the way knows them, and the page's beginning in them.
    fn terms_along(&self, way: &Way<'_>) -> (Vec<Term>, Start) {
        let Way::Class(_, class) = way else {
            return (self.terms.clone(), self.start.clone());
        };
        let mut terms = self.terms.clone();
        let mut keys = match &self.start {
            Start::After(keys) => Some(keys.clone()),
            Start::First | Start::Offset(_) => None,
        };
        if *class == Class::Value {
            let first = &mut terms[0];
            (first.nan, first.optional) = (None, false);
            match self.order[0].key {
                RunOrderKey::Metric(_) => "o0.ranked_value".clone_into(&mut first.value),
                RunOrderKey::Param(_) | RunOrderKey::Tag(_) => {
                    let beginning = Term::new("o0.value_start", Kind::Text, first.direction);
                    terms.insert(0, beginning);
                    if let Some(keys) = &mut keys
                        && let Some(Key::Text(value)) = keys.first()
                    {
                        keys.insert(0, Key::Text(super::run_filter::beginning(value).to_owned()));
                    }
                }
                RunOrderKey::Text(_) | RunOrderKey::Time(_) => {}
            }
        } else {
            terms.remove(0);
            // A page that starts in an earlier class has this one from its beginning.
            keys = keys.and_then(|mut keys| match (keys.remove(0), class) {
                (Key::Nan, Class::Nan) | (Key::Missing, Class::Missing) => Some(keys),
                _ => None,
            });
        }
        (terms, keys.map_or(Start::First, Start::After))
    }
}

/// The table that holds what a run is sorted by, if it is none of the run's own columns.
fn joined(key: &RunOrderKey) -> Option<(&'static str, &str)> {
    match key {
        RunOrderKey::Metric(key) => Some(("latest_metrics", key)),
        RunOrderKey::Param(key) => Some(("params", key)),
        RunOrderKey::Tag(key) => Some(("tags", key)),
        RunOrderKey::Text(_) | RunOrderKey::Time(_) => None,
    }
}
