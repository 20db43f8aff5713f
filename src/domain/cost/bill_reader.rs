//! Reader of bills: files are read row by row on a thread of their own, and handed over in parts of bounded size.

use super::amount::Amount;
use super::bill_columns::{self, BillColumns};
use super::bill_row::{self, BilledItem};
use crate::db::CopyText;
use crate::domain::discovery::{CsvRecords, ReadError, ReadOptions, Rejection};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows of a part, which are added up before they go to the database.
const PART_ROWS: u64 = 50_000;
/// Rejected rows that make a part full.
const PART_FAULTS: usize = 1_000;
/// Rows among which a row is looked for that is the same in every column: at least so many before it, at most twice as many.
const REMEMBERED_ROWS: usize = 1_000_000;

/// File of a bill. Large bills come in several.
pub struct BillFile {
    pub name: String,
    pub content: Box<dyn Read + Send>,
    pub reading: ReadOptions,
}

/// Part of a bill: charges that were added up, and the rows that were refused.
#[derive(Default)]
pub struct BillPart {
    /// Position of the file that the rejections are about.
    pub file: usize,
    /// Rows that were read, those that were refused included.
    pub rows: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Reasons for which rows were refused.
    pub faults: Vec<Rejection>,
    /// First rows that are the same as one before them in every column, and count nevertheless.
    pub repeated: Vec<u64>,
    /// Charges, each with its amount and its number of rows.
    pub(super) charges: HashMap<BilledItem, (Amount, u64)>,
    /// Charges that could not be added to another.
    pub(super) single: Vec<(BilledItem, Amount)>,
}

impl BillPart {
    fn is_full(&self) -> bool {
        self.rows >= PART_ROWS || self.faults.len() >= PART_FAULTS
    }

    fn add(&mut self, item: BilledItem, amount: Amount) {
        if let Some((sum, rows)) = self.charges.get_mut(&item) {
            match sum.checked_add(amount) {
                Some(more) => (*sum, *rows) = (more, *rows + 1),
                None => self.single.push((item, amount)),
            }
        } else {
            self.charges.insert(item, (amount, 1));
        }
    }

    /// Rows of `cost_staged_rows` for COPY.
    pub(super) fn into_copy(self, import_id: i64) -> CopyText {
        let mut copy = CopyText::default();
        let import_id = import_id.to_string();
        let single = self.single.into_iter().map(|(item, amount)| (item, (amount, 1)));
        for (item, (amount, rows)) in self.charges.into_iter().chain(single) {
            copy.cell(Some(&import_id));
            copy.cell(Some(&item.provider));
            copy.cell(Some(&item.billing_account_id));
            copy.cell(Some(&item.period_start.to_string()));
            copy.cell(Some(&item.month.to_string()));
            copy.cell(Some(&item.currency));
            copy.cell(Some(&item.account_id));
            copy.cell(item.region.as_deref());
            copy.cell(item.service.as_deref());
            copy.cell(item.billed_id.as_deref());
            copy.cell(Some(&amount.to_string()));
            copy.cell(Some(&rows.to_string()));
            copy.end();
        }
        copy
    }
}

/// Hashes of the last rows, in bounded memory.
#[derive(Default)]
struct SeenRows {
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

impl SeenRows {
    /// True if an equal row was seen; remembers this one.
    fn is_repeated(&mut self, cells: &[String]) -> bool {
        let mut hasher = DefaultHasher::new();
        cells.hash(&mut hasher);
        let hash = hasher.finish();
        let is_repeated = self.older.contains(&hash) || !self.newer.insert(hash);
        if self.newer.len() >= REMEMBERED_ROWS {
            self.older = std::mem::take(&mut self.newer);
        }
        is_repeated
    }
}

/// End of the reading: an error comes with the position of its file.
pub type BillReadResult = Result<(), (usize, ReadError)>;

/// Reads files one after the other. The receiver gets the parts in their order; dropping it ends the reading, and the handle
/// tells how it ended.
pub fn read_bills(files: Vec<BillFile>) -> (mpsc::Receiver<BillPart>, JoinHandle<BillReadResult>) {
    let (parts, receiver) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut seen = SeenRows::default();
        for (number, file) in files.into_iter().enumerate() {
            if !read_file(number, file, &mut seen, &parts).map_err(|error| (number, error))? {
                break;
            }
        }
        Ok(())
    });
    (receiver, reading)
}

/// Reads a file; false if nobody waits for the parts any more.
fn read_file(
    number: usize,
    file: BillFile,
    seen: &mut SeenRows,
    parts: &mpsc::Sender<BillPart>,
) -> Result<bool, ReadError> {
    let progress = parts.clone();
    let mut before = file.reading.on_progress;
    let reading = ReadOptions {
        limits: file.reading.limits,
        // An empty part, at which the receiver can stop.
        on_progress: Box::new(move || {
            before()?;
            let taken = progress.blocking_send(BillPart::default());
            taken.map_err(|_abandoned| io::Error::other("the import was abandoned"))
        }),
        account_id: None,
    };
    let mut records = CsvRecords::open(file.content, bill_columns::is_known, reading)?;
    let columns = BillColumns::find(records.header())?;
    let new_part = || BillPart {
        file: number,
        ..BillPart::default()
    };
    let mut part = new_part();
    while let Some((line, cells)) = records.next_record()? {
        part.rows += 1;
        let read = cells.map_err(|fault| vec![fault]).and_then(|cells| {
            let is_repeated = seen.is_repeated(&cells);
            if let (true, Some(row_id)) = (is_repeated, columns.row_id) {
                let name = &records.header()[row_id];
                let why = "is a row that was read before: it is the same in every column";
                return Err(vec![Rejection::of(name, &cells[row_id], why)]);
            }
            let read = bill_row::read(&columns, records.header(), &cells)?;
            if is_repeated && part.repeated.len() < PART_FAULTS {
                part.repeated.push(line);
            }
            Ok(read)
        });
        match read {
            Ok((item, amount)) => part.add(item, amount),
            Err(faults) => {
                part.rejected += 1;
                part.faults.extend(faults.into_iter().map(|fault| fault.at(line)));
            }
        }
        if part.is_full()
            && parts
                .blocking_send(std::mem::replace(&mut part, new_part()))
                .is_err()
        {
            return Ok(false);
        }
    }
    Ok(parts.blocking_send(part).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{BillFile, BillPart, ReadOptions, read_bills};
    use std::io::{Cursor, Write as _};

    const HEADER: &str =
        "BillingAccountId,BillingPeriodStart,ChargePeriodStart,BillingCurrency,EffectiveCost,ResourceId,Tags";

    async fn read(texts: &[Vec<u8>]) -> (Vec<BillPart>, Result<(), String>) {
        let file = |content: &Vec<u8>| BillFile {
            name: "bill.csv".into(),
            content: Box::new(Cursor::new(content.clone())),
            reading: ReadOptions::default(),
        };
        let (mut receiver, reading) = read_bills(texts.iter().map(file).collect());
        let mut parts = Vec::new();
        while let Some(part) = receiver.recv().await {
            parts.push(part);
        }
        let ended = reading.await.unwrap();
        (parts, ended.map_err(|(file, error)| format!("{file}: {error}")))
    }

    #[tokio::test]
    async fn charges_are_added_up_and_bad_rows_are_named_by_their_lines() {
        let row = |cost: &str, id: &str| {
            format!("1,2024-09-01,2024-09-02,USD,{cost},{id},\"{{\"\"a, b\"\": \"\"c\"\"}}\"\n")
        };
        let text = format!(
            "{HEADER}\n{}{}{}{}\n{}{HEADER}\n",
            row("0.1", "i-1"),
            row("0.2", "i-1"),
            row("x", "i-1"),
            row("-5", "NULL"),
            row("0.1", "i-1"),
        );
        let (parts, ended) = read(&[text.clone().into_bytes()]).await;
        assert_eq!((parts.len(), ended), (1, Ok(())));
        let part = &parts[0];
        assert_eq!((part.rows, part.rejected), (6, 2));
        let mut sums: Vec<_> = part.charges.iter().collect();
        sums.sort_by_key(|(item, _)| item.billed_id.clone());
        let sums: Vec<_> = sums
            .iter()
            .map(|(item, (sum, rows))| (item.billed_id.as_deref(), sum.to_string(), *rows))
            .collect();
        assert_eq!(
            sums,
            [(None, "-5".to_owned(), 1), (Some("i-1"), "0.4".to_owned(), 3)]
        );
        let lines: Vec<_> = part.faults.iter().filter_map(|fault| fault.line).collect();
        assert_eq!((lines[0], lines.last()), (4, Some(&8)));
        assert_eq!(part.repeated, [7]);

        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        let (parts, ended) = read(&[packed.clone(), text.into_bytes()]).await;
        assert_eq!((parts[0].rows, parts[1].rows, ended), (6, 6, Ok(())));
        assert_eq!((parts[1].file, parts[1].repeated.len()), (1, 4));
        let (_, ended) = read(&[packed[..packed.len() - 9].to_vec()]).await;
        assert!(ended.unwrap_err().contains("broke off"));
    }

    #[tokio::test]
    async fn equal_rows_with_an_id_are_one() {
        let row = "1,2024-09-01,2024-09-02,USD,1,i-1,,77\n";
        let (parts, _) = read(&[format!("{HEADER},Id\n{row}{row}").into_bytes()]).await;
        assert_eq!((parts[0].rows, parts[0].rejected), (2, 1));
        assert_eq!(
            (parts[0].faults[0].line, parts[0].faults[0].column.as_deref()),
            (Some(3), Some("Id"))
        );
    }
}
