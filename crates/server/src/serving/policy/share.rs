//! How the others share what a rollout leaves them.

use std::collections::BTreeMap;

/// The split that gives `deployment` so much, and the rest to the others in the proportions of `before`.
pub fn share(before: &BTreeMap<String, u8>, deployment: &str, percent: u8) -> BTreeMap<String, u8> {
    let others: Vec<(&String, u32)> = before
        .iter()
        .filter(|(name, _)| *name != deployment)
        .map(|(name, share)| (name, u32::from(*share)))
        .collect();
    let whole: u32 = others.iter().map(|(_, share)| share).sum();
    let mut split = BTreeMap::from([(deployment.to_owned(), percent)]);
    if whole == 0 {
        split.insert(deployment.to_owned(), 100);
        return split;
    }
    let rest = u32::from(100 - percent.min(100));
    let mut given = 0;
    let mut remainders = Vec::new();
    for (name, share) in &others {
        let part = rest * share;
        given += part / whole;
        remainders.push((part % whole, *name));
        split.insert((*name).clone(), u8::try_from(part / whole).unwrap_or(100));
    }
    // What rounding left goes to the largest remainders.
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    for (_, name) in remainders.into_iter().take((rest - given) as usize) {
        if let Some(percent) = split.get_mut(name) {
            *percent += 1;
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use super::share;
    use std::collections::BTreeMap;

    #[test]
    fn the_others_keep_their_proportions() {
        let check = |before: &[(&str, u8)], percent: u8, expected: &[(&str, u8)]| {
            let owned = |pairs: &[(&str, u8)]| {
                pairs
                    .iter()
                    .map(|(n, p)| ((*n).to_owned(), *p))
                    .collect::<BTreeMap<_, _>>()
            };
            assert_eq!(share(&owned(before), "new", percent), owned(expected));
        };
        check(&[("a", 100)], 10, &[("a", 90), ("new", 10)]);
        check(&[("a", 50), ("b", 50)], 25, &[("a", 38), ("b", 37), ("new", 25)]);
        check(
            &[("a", 80), ("b", 10), ("new", 10)],
            55,
            &[("a", 40), ("b", 5), ("new", 55)],
        );
        check(&[("a", 70), ("b", 30)], 100, &[("a", 0), ("b", 0), ("new", 100)]);
        check(&[("new", 100)], 10, &[("new", 100)]);
        check(&[], 10, &[("new", 100)]);
    }
}
