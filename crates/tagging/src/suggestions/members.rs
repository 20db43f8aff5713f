//! Members of patterns, and patterns of members, as two compressed lists.

/// Lists of numbers, one after the other.
#[derive(Default)]
pub(super) struct NumberLists {
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl NumberLists {
    /// Lists of these lengths, to be filled.
    fn with_lengths(lengths: &[u32]) -> Self {
        let mut starts = Vec::with_capacity(lengths.len() + 1);
        let mut total = 0;
        starts.push(0);
        for length in lengths {
            total += length;
            starts.push(total);
        }
        Self {
            starts,
            numbers: vec![0; total as usize],
        }
    }

    pub(super) fn push_list(&mut self, list: impl IntoIterator<Item = u32>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.numbers.extend(list);
        self.starts.push(self.numbers.len() as u32);
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn list(&self, at: u32) -> &[u32] {
        let at = at as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => &self.numbers[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// For each number below `count` the lists that hold it, in order.
    pub(super) fn inverted(&self, count: usize) -> Self {
        let mut lengths = vec![0; count];
        for number in &self.numbers {
            lengths[*number as usize] += 1;
        }
        let mut inverted = Self::with_lengths(&lengths);
        let mut next: Vec<u32> = inverted.starts[..count].to_vec();
        for at in 0..self.len() as u32 {
            for number in self.list(at) {
                let slot = &mut next[*number as usize];
                inverted.numbers[*slot as usize] = at;
                *slot += 1;
            }
        }
        inverted
    }
}
