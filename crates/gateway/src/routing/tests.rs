use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn split(pairs: &[(&str, u8)]) -> BTreeMap<String, u8> {
    pairs
        .iter()
        .map(|(name, percent)| ((*name).to_owned(), *percent))
        .collect()
}

fn routing(pairs: &[(&str, u8)]) -> Routing {
    Routing::default().with_split(&split(pairs))
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let parse = |(name, value): &(&str, &str)| {
        (
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    pairs.iter().map(parse).collect()
}

fn choose(routing: &Routing, request_id: &str, sent: &[(&str, &str)], body: &str, ready: &[&str]) -> (String, Reason) {
    let headers = headers(sent);
    let asked = Asked {
        request_id,
        headers: &headers,
        body: body.as_bytes(),
    };
    let choice = routing.choose("iris", asked, |name| ready.contains(&name)).unwrap();
    (choice.deployment.to_owned(), choice.reason)
}

const BOTH: [&str; 2] = ["blue", "green"];

#[test]
fn the_slots_are_those_that_python_computes() {
    // int.from_bytes(sha256(f"iris/{key}".encode()).digest()[:8], "big") % 100, and the same of "mirror/iris/.."
    for (key, own, mirrored) in [("k1", 50, 46), ("", 30, 90), ("Zürich", 64, 25)] {
        assert_eq!((slot("iris", key), mirror_slot("iris", key)), (own, mirrored), "{key}");
    }
}

fn rule(exact: Option<&str>, prefix: Option<&str>, deployment: &str) -> HeaderRule {
    HeaderRule {
        header: "x-tenant".into(),
        exact: exact.map(Into::into),
        prefix: prefix.map(Into::into),
        deployment: deployment.into(),
    }
}

#[test]
fn a_pin_comes_before_a_rule_and_a_rule_before_the_split() {
    let mut routing = routing(&[("blue", 100)]);
    routing.rules = vec![rule(Some("acme"), None, "green"), rule(None, Some("test-"), "red")];
    let to = |sent: &[(&str, &str)]| choose(&routing, "r1", sent, "", &BOTH);
    assert_eq!(to(&[]), ("blue".into(), Reason::Split));
    assert_eq!(to(&[("x-tenant", "acme")]), ("green".into(), Reason::Rule));
    assert_eq!(to(&[("x-tenant", "acme2")]), ("blue".into(), Reason::Split));
    assert_eq!(to(&[("x-tenant", "test-7")]), ("red".into(), Reason::Rule));
    for pin in PIN_HEADERS {
        assert_eq!(to(&[("x-tenant", "acme"), (pin, "grey")]), ("grey".into(), Reason::Pin));
    }
}

#[test]
fn a_sticky_key_keeps_requests_together() {
    let mut routing = routing(&[("blue", 50), ("green", 50)]);
    let spread = |routing: &Routing, sent: &[(&str, &str)], body: &str| {
        let to = (0..64).map(|n| choose(routing, &format!("r{n}"), sent, body, &BOTH).0);
        to.collect::<std::collections::BTreeSet<String>>().len()
    };
    let user = [("x-user", "u1")];
    assert_eq!(spread(&routing, &user, ""), 2);
    routing.sticky = Some(StickyKey::Header("x-user".into()));
    assert_eq!(spread(&routing, &user, ""), 1);
    assert_eq!(
        spread(&routing, &[], ""),
        2,
        "without the header the request id decides"
    );
    routing.sticky = Some(StickyKey::Field("/customer".into()));
    assert_eq!(spread(&routing, &[], r#"{"customer": 17, "inputs": [[1]]}"#), 1);
    assert_eq!(spread(&routing, &[], "a,b\n1,2\n"), 2);
}

#[test]
fn what_a_lost_deployment_leaves_is_shared_by_the_others() {
    let routing = routing(&[("blue", 60), ("green", 20), ("red", 20)]);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..1000 {
        let (to, reason) = choose(&routing, &n.to_string(), &[], "", &["green", "red"]);
        assert!(to != "blue", "{reason:?}");
        *counts.entry(to).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count > 100), "{counts:?}");
    assert_eq!(
        choose(&routing, "r1", &[], "", &[]).1,
        Reason::Split,
        "with nobody to turn to it stays where it was"
    );
}

#[test]
fn nothing_is_chosen_without_traffic() {
    let headers = HeaderMap::new();
    let asked = Asked {
        request_id: "r1",
        headers: &headers,
        body: b"",
    };
    assert_eq!(Routing::default().choose("iris", asked, |_| true), None);
}

#[test]
fn bad_routings_are_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Routing), part: &str| {
        let mut routing = routing(&[("blue", 90), ("green", 10)]);
        change(&mut routing);
        let error = routing.check(&BOTH).unwrap_err();
        assert!(error.contains(part), "{error}");
    };
    refused(
        &|r| {
            r.split.insert("green".into(), 9);
        },
        "must sum to 100, they sum to 99 (blue=90, green=9)",
    );
    refused(
        &|r| {
            r.split.insert("green".into(), 255);
        },
        "they sum to 345",
    );
    refused(
        &|r| r.split = split(&[("gone", 100)]),
        "no deployment `gone`; the endpoint has blue, green",
    );
    let mirror = |deployment: &str, percent, tolerance| {
        Some(Mirror {
            deployment: deployment.into(),
            percent,
            tolerance,
        })
    };
    refused(&|r| r.mirror = mirror("green", 51, 0.0), "between 1 and 50, it is 51");
    refused(
        &|r| r.mirror = mirror("gone", 5, 0.0),
        "mirror: there is no deployment `gone`",
    );
    refused(&|r| r.mirror = mirror("green", 5, f64::NAN), "tolerance");
    refused(&|r| r.sticky = Some(StickyKey::Field("user".into())), "JSON pointer");
    refused(
        &|r| r.sticky = Some(StickyKey::Header("x user".into())),
        "not the name of a header",
    );
    refused(
        &|r| r.rules = vec![rule(None, None, "blue")],
        "either `exact` or `prefix`",
    );
    refused(
        &|r| r.rules = vec![rule(Some("a"), None, "blue"); RULES_MAX + 1],
        "at most 32",
    );
}

fn any_split() -> impl Strategy<Value = BTreeMap<String, u8>> {
    // 0..=100 is cut into up to five shares.
    prop::collection::vec(0_u8..=100, 0..5).prop_map(|mut cuts| {
        cuts.push(100);
        cuts.sort_unstable();
        let mut from = 0;
        let shares = cuts.into_iter().map(|cut| cut - std::mem::replace(&mut from, cut));
        shares
            .enumerate()
            .map(|(index, percent)| (format!("d{index}"), percent))
            .collect()
    })
}

proptest! {
    #[test]
    fn each_percent_is_a_slot_and_no_slot_moves_needlessly(splits in prop::collection::vec(any_split(), 1..6)) {
        let mut current = Routing::default();
        for split in splits {
            let next = current.with_split(&split);
            prop_assert!(check_split(&next.split).is_ok());
            for (name, percent) in &split {
                let owned = (0..SLOTS).filter(|slot| next.slots.owner(*slot) == Some(name)).count();
                prop_assert_eq!(owned, usize::from(*percent), "{}", name);
            }
            let before = |name: &str| current.split.get(name).copied().unwrap_or_default();
            let gained: usize = split.iter().map(|(name, now)| usize::from(now.saturating_sub(before(name)))).sum();
            prop_assert_eq!(next.slots.moved_from(&current.slots), gained);
            current = next;
        }
    }

    #[test]
    fn a_stored_state_routes_as_it_did(split in any_split(), other in any_split(), keys in prop::collection::vec(".*", 20)) {
        let routing = Routing::default().with_split(&other).with_split(&split);
        let stored = serde_json::to_string(&routing).unwrap();
        let read: Routing = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&read, &routing);
        let headers = HeaderMap::new();
        for key in &keys {
            let asked = Asked { request_id: key, headers: &headers, body: b"" };
            let (then, now) = (routing.choose("iris", asked, |_| true), read.choose("iris", asked, |_| true));
            prop_assert_eq!(then, now);
        }
    }

    #[test]
    fn requests_spread_as_the_percents_say(split in any_split(), seed: u32) {
        const REQUESTS: u32 = 4000;
        let routing = Routing::default().with_split(&split);
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        let headers = HeaderMap::new();
        for n in 0..REQUESTS {
            let id = format!("{seed}-{n}");
            let owner = routing.slots.owner(slot("iris", &id)).unwrap();
            let asked = Asked { request_id: &id, headers: &headers, body: b"" };
            prop_assert_eq!(routing.choose("iris", asked, |_| true).unwrap().deployment, owner);
            *counts.entry(owner).or_default() += 1.0;
        }
        for (name, percent) in &split {
            let share = counts.get(name.as_str()).unwrap_or(&0.0) / f64::from(REQUESTS);
            let wanted = f64::from(*percent) / 100.0;
            // Seven standard deviations: no false alarm in a life of test runs.
            let allowed = 7.0 * (wanted * (1.0 - wanted) / f64::from(REQUESTS)).sqrt();
            prop_assert!((share - wanted).abs() <= allowed, "{}: {} for {}", name, share, wanted);
        }
    }

    #[test]
    fn pointers_never_panic(body in prop::collection::vec(any::<u8>(), 0..64), pointer in "/[a-z0-9~/]{0,12}") {
        let headers = HeaderMap::new();
        let asked = Asked { request_id: "r", headers: &headers, body: &body };
        let _ = StickyKey::Field(pointer).of(asked);
    }
}
