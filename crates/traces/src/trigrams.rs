//! Signatures of text: which triples of bytes occur in it, hashed into a set of bits. A text cannot hold a word unless
//! the signature holds all of the word's triples, so most texts are ruled out without being read.

const SCRATCH_BITS: usize = 1 << 16;
const BITS_MIN: usize = 512;
/// At three bits for each triple about one in four bits is set, and a word of eight letters passes by chance once in
/// some thousand texts.
const BITS_PER_TRIPLE: usize = 3;

/// Collects the triples of one text; used again for the next.
pub struct Trigrams {
    bits: Vec<u64>,
}

impl Default for Trigrams {
    fn default() -> Self {
        Self {
            bits: vec![0; SCRATCH_BITS / 64],
        }
    }
}

impl Trigrams {
    pub fn add(&mut self, text: &str) {
        let mut bytes = text.bytes().map(|byte| u32::from(byte.to_ascii_lowercase()));
        let (Some(first), Some(second)) = (bytes.next(), bytes.next()) else {
            return;
        };
        let mut triple = first << 8 | second;
        for byte in bytes {
            triple = (triple << 8 | byte) & 0x00ff_ffff;
            let hash = mixed(triple);
            self.bits[hash / 64] |= 1 << (hash % 64);
        }
    }

    /// The signature of all that was added, and a clean start for the next.
    pub fn finish(&mut self) -> Vec<u8> {
        let triples: usize = self.bits.iter().map(|word| word.count_ones() as usize).sum();
        let size = (triples * BITS_PER_TRIPLE)
            .next_power_of_two()
            .clamp(BITS_MIN, SCRATCH_BITS);
        let mut folded = vec![0u64; size / 64];
        for (index, word) in self.bits.iter_mut().enumerate() {
            folded[index % (size / 64)] |= std::mem::take(word);
        }
        folded.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// The hashes of a piece of text. `escaped` says that the text searched has quotes, backslashes and control characters
/// in another form; `any_case` that letters beyond ASCII may differ. Such triples prove nothing and are left out.
pub fn hashes(piece: &str, escaped: bool, any_case: bool) -> Vec<usize> {
    let usable = |byte: &u8| {
        let verbatim = !escaped || !(matches!(*byte, b'"' | b'\\') || byte.is_ascii_control());
        verbatim && (!any_case || byte.is_ascii())
    };
    let triples = piece.as_bytes().windows(3);
    triples.filter(|triple| triple.iter().all(usable)).map(hash).collect()
}

/// Whether all `hashes` are in `signature`.
pub fn may_hold(signature: &[u8], hashes: &[usize]) -> bool {
    let bits = signature.len() * 8;
    bits > 0
        && hashes.iter().all(|hash| {
            let place = hash % bits;
            signature[place / 8] & (1 << (place % 8)) != 0
        })
}

/// The bits that a signature sets.
pub fn bits(signature: &[u8]) -> impl Iterator<Item = usize> {
    let set = |byte: u8, bit: usize| byte & (1 << bit) != 0;
    let bytes = signature.iter().enumerate().filter(|(_, byte)| **byte != 0);
    bytes.flat_map(move |(place, byte)| {
        (0..8)
            .filter(move |bit| set(*byte, *bit))
            .map(move |bit| place * 8 + bit)
    })
}

fn hash(triple: &[u8]) -> usize {
    mixed(
        triple
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(byte.to_ascii_lowercase())),
    )
}

fn mixed(triple: u32) -> usize {
    (triple.wrapping_mul(0x9E37_79B1) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_text_is_in_the_signature() {
        let text = "The quick brown fox jumps over the lazy dog. Schönes Wetter heute.";
        let mut trigrams = Trigrams::default();
        trigrams.add(text);
        let signature = trigrams.finish();
        for piece in ["quick BROWN", "lazy dog.", "Schönes", "er heu"] {
            assert!(may_hold(&signature, &hashes(piece, false, false)), "{piece}");
        }
        assert!(may_hold(&signature, &hashes("SCHÖNES", false, true)));
        assert!(!may_hold(&signature, &hashes("slow green tortoise", false, false)));
        assert!(
            !may_hold(&trigrams.finish(), &hashes("quick", false, false)),
            "it starts afresh"
        );
    }
}
