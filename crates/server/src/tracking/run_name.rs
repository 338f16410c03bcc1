//! Names for runs and models that come without one: an adjective, a noun and a number.

use rand::Rng;

const ADJECTIVES: [&str; 40] = [
    "able", "agile", "amber", "bold", "brave", "bright", "calm", "candid", "clever", "cosmic", "crisp", "daring",
    "deft", "eager", "fair", "fine", "gentle", "glad", "grand", "handy", "keen", "kind", "lively", "lucky", "mellow",
    "merry", "neat", "nimble", "noble", "polite", "proud", "quick", "quiet", "sharp", "sleek", "steady", "sunny",
    "swift", "tidy", "wise",
];

const NOUNS: [&str; 40] = [
    "ant", "badger", "bear", "bee", "crane", "crow", "deer", "dolphin", "dove", "duck", "elk", "falcon", "finch",
    "fox", "frog", "goat", "goose", "hare", "hawk", "heron", "horse", "jay", "koala", "lark", "lynx", "mole", "moose",
    "otter", "owl", "panda", "perch", "robin", "seal", "shrew", "sloth", "snail", "stork", "swan", "trout", "wren",
];

pub fn random() -> String {
    let mut rng = rand::rng();
    let adjective = ADJECTIVES[rng.random_range(0..ADJECTIVES.len())];
    let noun = NOUNS[rng.random_range(0..NOUNS.len())];
    format!("{adjective}-{noun}-{}", rng.random_range(1..1000))
}
