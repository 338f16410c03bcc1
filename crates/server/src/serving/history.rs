//! Which earlier traffic state "back" means: rules without a database.

use super::store::State;

/// The state to go back to from `current`, among `earlier` ones, newest first: the latest that routed otherwise. A rollout
/// counts as one change, and going back from a state that itself went back goes further back.
pub fn before<'s>(current: &State, earlier: &'s [State]) -> Option<&'s State> {
    let base = current.restores.unwrap_or(current.number);
    let restored = earlier.iter().find(|state| state.number == base);
    let rollout = restored.unwrap_or(current).rollout_id;
    earlier.iter().find(|state| {
        state.number < base
            && (rollout.is_none() || state.rollout_id != rollout)
            && state.routing != current.routing
            && !state.routing.split.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_gateway::routing::Routing;
    use std::collections::BTreeMap;

    /// States by number, from the percent of `blue`, what they restore, and their rollout.
    fn states(of: &[(u8, Option<i64>, Option<i64>)]) -> Vec<State> {
        let split = |percent: u8| BTreeMap::from([("blue".to_owned(), percent), ("green".to_owned(), 100 - percent)]);
        let state = |(index, (percent, restores, rollout_id)): (usize, &(u8, Option<i64>, Option<i64>))| State {
            number: index as i64 + 1,
            routing: Routing::default().with_split(&split(*percent)),
            cause: "set".to_owned(),
            restores: *restores,
            rollout_id: *rollout_id,
            note: None,
            created_at: 0,
            created_by: String::new(),
        };
        of.iter().enumerate().map(state).rev().collect()
    }

    #[track_caller]
    fn check(of: &[(u8, Option<i64>, Option<i64>)], expected: Option<i64>) {
        let states = states(of);
        let found = before(&states[0], &states[1..]).map(|state| state.number);
        assert_eq!(found, expected, "{of:?}");
    }

    #[test]
    fn back_is_the_latest_state_that_routed_otherwise() {
        check(&[(100, None, None)], None);
        check(&[(100, None, None), (90, None, None)], Some(1));
        check(&[(100, None, None), (90, None, None), (90, None, None)], Some(1));
    }

    #[test]
    fn back_from_back_goes_further() {
        check(
            &[
                (100, None, None),
                (90, None, None),
                (50, None, None),
                (90, Some(2), None),
            ],
            Some(1),
        );
        check(&[(100, None, None), (50, None, None), (100, Some(1), None)], None);
    }

    #[test]
    fn a_rollout_is_one_change() {
        check(
            &[
                (100, None, None),
                (90, None, Some(7)),
                (50, None, Some(7)),
                (0, None, Some(7)),
            ],
            Some(1),
        );
        let undone = [
            (100, None, None),
            (80, None, None),
            (50, None, Some(7)),
            (0, None, Some(7)),
            (80, Some(2), None),
        ];
        check(&undone, Some(1));
    }
}
