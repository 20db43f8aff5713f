//! Tallies: what holds and what is guessed among the members of each pattern, for each key.

use super::index::SuggestionIndex;
use super::interner::NO_VALUE;

/// Tally of one key among the members of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyTally {
    /// Members for which a value holds, and those for which people denied the value that holds for most.
    pub held: u32,
    /// Value that holds for most, or [`NO_VALUE`], and for how many.
    pub value: u32,
    pub agreeing: u32,
    /// Families of names among those for which a value holds.
    pub families: u32,
    /// Value that is guessed most among the open members, or [`NO_VALUE`].
    pub guess: u32,
    /// Sum of the confidences of that guess, and of all guesses.
    pub guessed: f32,
    pub guessed_any: f32,
}

impl KeyTally {
    pub(super) const NOTHING: Self = Self {
        held: 0,
        value: NO_VALUE,
        agreeing: 0,
        families: 0,
        guess: NO_VALUE,
        guessed: 0.0,
        guessed_any: 0.0,
    };
}

/// Guess for an open cell: a value, and its probability in 1/255.
#[derive(Clone, Copy)]
struct CellGuess {
    value: u32,
    confidence: u8,
}

/// Tallies of all patterns.
pub(super) struct TallyTable {
    keys: usize,
    tallies: Vec<KeyTally>,
    guesses: Vec<CellGuess>,
}

impl TallyTable {
    pub(super) fn of(index: &SuggestionIndex) -> Self {
        let keys = index.cells.keys().len();
        let mut table = Self {
            keys,
            tallies: vec![KeyTally::NOTHING; index.patterns.len() * keys],
            guesses: Vec::new(),
        };
        table.count_held(index);
        table.count_denied(index);
        table.guess_from_patterns(index);
        table.count_guesses(index);
        table.subtract_denied(index);
        table
    }

    pub(super) fn tally(&self, pattern: u32, key: usize) -> &KeyTally {
        self.tallies
            .get(pattern as usize * self.keys + key)
            .unwrap_or(&KeyTally::NOTHING)
    }

    /// Probability of the guess for a cell; 1 where a value holds.
    pub(super) fn sureness(&self, row: u32, key: usize) -> f64 {
        let guess = self.guesses.get(row as usize * self.keys + key);
        guess.map_or(0.0, |guess| f64::from(guess.confidence) / 255.0)
    }

    fn count_held(&mut self, index: &SuggestionIndex) {
        let mut counts = ValueCounts::new(index.cells.values.len());
        let mut seen = vec![u64::MAX; index.families.len()];
        for pattern in 0..index.patterns.len() as u32 {
            for key in 0..self.keys {
                let at = pattern as usize * self.keys + key;
                let tally = &mut self.tallies[at];
                for row in index.members.list(pattern) {
                    let value = index.cells.cell(*row, key).held;
                    if value == NO_VALUE {
                        continue;
                    }
                    counts.add(value, 1.0);
                    tally.held += 1;
                    let family = index.families[*row as usize] as usize;
                    if seen[family] != at as u64 {
                        seen[family] = at as u64;
                        tally.families += 1;
                    }
                }
                let (value, most, _) = counts.take();
                tally.value = value;
                tally.agreeing = most as u32;
            }
        }
    }

    /// A denied value contradicts the value that holds for most, as if another value held.
    fn count_denied(&mut self, index: &SuggestionIndex) {
        for (row, key, value) in index.cells.denied() {
            for pattern in index.patterns_of.list(row) {
                let tally = &mut self.tallies[*pattern as usize * self.keys + key];
                tally.held += u32::from(tally.value == value);
            }
        }
    }

    /// A denied value takes a guess from those that agree with it. A value for which no guess is left is guessed no more.
    fn subtract_denied(&mut self, index: &SuggestionIndex) {
        for (row, key, value) in index.cells.denied() {
            for pattern in index.patterns_of.list(row) {
                let tally = &mut self.tallies[*pattern as usize * self.keys + key];
                if tally.guess == value {
                    tally.guessed -= 1.0;
                }
            }
        }
        for tally in self.tallies.iter_mut().filter(|tally| tally.guessed < 0.0) {
            tally.guess = NO_VALUE;
            tally.guessed = 0.0;
        }
    }

    /// Guesses of open cells: the engine's, or what holds in the purest pattern around, whichever is surer.
    fn guess_from_patterns(&mut self, index: &SuggestionIndex) {
        let rows = index.cells.len();
        self.guesses = Vec::with_capacity(rows * self.keys);
        for row in 0..rows as u32 {
            for key in 0..self.keys {
                let cell = index.cells.cell(row, key);
                let mut guess = CellGuess {
                    value: cell.guess,
                    confidence: cell.confidence,
                };
                if cell.held == NO_VALUE {
                    for pattern in index.patterns_of.list(row) {
                        let tally = &self.tallies[*pattern as usize * self.keys + key];
                        let confidence = (purity(tally) * 255.0) as u8;
                        if tally.held > 0
                            && confidence > guess.confidence
                            && !index.cells.is_denied(row, key, tally.value)
                        {
                            guess = CellGuess {
                                value: tally.value,
                                confidence,
                            };
                        }
                    }
                } else {
                    guess = CellGuess {
                        value: cell.held,
                        confidence: u8::MAX,
                    };
                }
                self.guesses.push(guess);
            }
        }
    }

    fn count_guesses(&mut self, index: &SuggestionIndex) {
        let mut counts = ValueCounts::new(index.cells.values.len());
        for pattern in 0..index.patterns.len() as u32 {
            for key in 0..self.keys {
                let tally = &mut self.tallies[pattern as usize * self.keys + key];
                for row in index.members.list(pattern) {
                    let guess = self.guesses[*row as usize * self.keys + key];
                    if guess.value != NO_VALUE && guess.confidence < u8::MAX {
                        counts.add(guess.value, f32::from(guess.confidence) / 255.0);
                    }
                }
                (tally.guess, tally.guessed, tally.guessed_any) = counts.take();
            }
        }
    }
}

/// Probability that an open member has the value of most, drawn down while few families speak.
fn purity(tally: &KeyTally) -> f64 {
    let families = f64::from(tally.families);
    let rows = f64::from(tally.held);
    let weight = (2.0 * families).min(rows);
    let share = f64::from(tally.agreeing) / rows.max(1.0);
    if share < 0.8 {
        return share * 0.5;
    }
    (weight * share + 0.5) / (weight + 2.0)
}

/// Counts of values, emptied as they are read.
struct ValueCounts {
    counts: Vec<f32>,
    touched: Vec<u32>,
}

impl ValueCounts {
    fn new(values: usize) -> Self {
        Self {
            counts: vec![0.0; values],
            touched: Vec::new(),
        }
    }

    fn add(&mut self, value: u32, weight: f32) {
        let count = &mut self.counts[value as usize];
        if *count == 0.0 {
            self.touched.push(value);
        }
        *count += weight;
    }

    /// Value with the highest count (the first of equal ones), its count, and the sum.
    fn take(&mut self) -> (u32, f32, f32) {
        let mut best = (NO_VALUE, 0.0);
        let mut sum = 0.0;
        for value in self.touched.drain(..) {
            let count = std::mem::take(&mut self.counts[value as usize]);
            sum += count;
            if count.total_cmp(&best.1).then(best.0.cmp(&value)).is_gt() {
                best = (value, count);
            }
        }
        (best.0, best.1, sum)
    }
}
