//! Padding: what hides the length of a sealed field.

/// The first byte after the plaintext; zeros follow it.
pub(super) const MARK: u8 = 0x80;
/// Every padded length is a multiple of this.
const BLOCK: usize = 16;

/// How much of a field's length its ciphertext hides. Opening needs no knowledge of it.
///
/// | Plaintext bytes | 0–15 | 16–31 | 100 | 1,000 | 10,000 | 100,000 |
/// |---|---|---|---|---|---|---|
/// | `Short` | 16 | 32 | 112 | 1,008 | 10,016 | 100,016 |
/// | `Padme` | 16 | 32 | 112 | 1,024 | 10,240 | 100,352 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// To the next multiple of 16 above the length: names, numbers, addresses.
    Short,
    /// PADMÉ (Nikitin et al., PETS 2019) of the length with its mark, and at least as much as `Short`:
    /// of a length L, with e = ⌊log₂ L⌋ and s = ⌊log₂ e⌋ + 1, the last e − s bits are rounded up. It
    /// tells log log L bits of the length and costs at most 12 %: messages.
    Padme,
}

impl Padding {
    /// The number of bytes that are encrypted for a plaintext of this many.
    pub fn padded_length(self, plain: usize) -> usize {
        let marked = plain + 1;
        match self {
            Padding::Short => marked.next_multiple_of(BLOCK),
            Padding::Padme => padme(marked).next_multiple_of(BLOCK),
        }
    }
}

fn padme(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2().filter(|e| *e > 0) else {
        return length;
    };
    let significant = exponent.ilog2() + 1;
    let rounding = (1_usize << (exponent - significant)) - 1;
    (length + rounding) & !rounding
}

/// Where the padding begins. What is judged here is authentic, so timing tells nobody anything.
pub(super) fn unpadded_length(padded: &[u8]) -> Option<usize> {
    let mark = padded.iter().rposition(|byte| *byte != 0)?;
    (padded[mark] == MARK).then_some(mark)
}
