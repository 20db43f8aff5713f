use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::json;

use super::{InventoryReader, ReadError, ReadOptions};
use crate::domain::Cloud;
use crate::domain::csv::{InventoryColumn, escape_formula, template};
use crate::domain::discovery::{InventoryEntry, Rejection, ResourceReport, UnstatedFields};

mod conventions;

const HEADER: &str = "cloud,account_id,resource_type,resource_id,name\n";

fn open(content: impl AsRef<[u8]>, name: Option<&str>) -> Result<InventoryReader, ReadError> {
    InventoryReader::from_reader(
        Cursor::new(content.as_ref().to_vec()),
        name,
        ReadOptions::default(),
    )
}

fn read(content: impl AsRef<[u8]>) -> Vec<InventoryEntry> {
    open(content, None).unwrap().collect::<Result<_, _>>().unwrap()
}

type Numbered = (u64, String);

/// Lines of the resources by id, and of the rejections with their reasons.
fn outcome(content: impl AsRef<[u8]>) -> (Vec<Numbered>, Vec<Numbered>) {
    let (mut resources, mut rejected) = (Vec::new(), Vec::new());
    for entry in read(content) {
        match entry {
            InventoryEntry::Resource(line, report) => resources.push((line, report.resource_id)),
            InventoryEntry::Rejected(faults) => {
                rejected.push((faults[0].line.unwrap(), faults[0].reason.clone()));
            }
        }
    }
    (resources, rejected)
}

fn json_line(id: &str) -> String {
    json!({"cloud": "AWS", "account_id": "1", "resource_type": "t", "resource_id": id}).to_string() + "\n"
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn json_lines_with_every_kind_of_fault() {
    let mut content = Vec::from("\u{feff}\n  \r\n");
    content.extend(json_line("a").bytes());
    content.extend(b"{\"cloud\": \"\xff\"}\n");
    content.extend(format!("{{\"x\":\"{}\"}}\n", "y".repeat(1 << 21)).bytes());
    content.extend(json_line("b").replace('\n', "\r\n").bytes());
    content.extend(json_line("a").replace('}', ",\"name\":\"other\"}").bytes());
    content.extend(b"not json\n");
    content.extend(json_line("c").trim_end().bytes());
    let (resources, rejected) = outcome(content);
    assert_eq!(resources, [(3, "a".into()), (6, "b".into()), (9, "c".into())]);
    let expected = [
        (4, "is not UTF-8 at byte 12"),
        (5, "is longer than 1 MiB"),
        (7, "is a duplicate of line 3, with other values"),
        (8, "is not a JSON object: expected ident (character 2)"),
    ];
    assert_eq!(rejected, expected.map(|(line, reason)| (line, reason.to_owned())));
}

#[test]
fn csv_with_every_kind_of_fault() {
    let mut content =
        Vec::from("\u{feff}\r\ncloud;Account ID;resource_type;resource_id;name;native_tags;tag:env;note\r\n");
    content.extend(b"aws;1;t;a;\"two\r\nlines\";\"{\"\"k\"\":1}\";prod;x\r\n"); // lines 3 and 4
    content.extend(b";;;;;;;\r\n"); // 5: blank
    content.extend(b"aws;1;t;b\r\n"); // 6: short
    content.extend(b"aws;1;t;c;'=1+1;;;;;\r\n"); // 7: blank cells to spare
    content.extend(b"aws;1;t;d;\xff;;;\r\n"); // 8
    content.extend(b"ibm;1;t;e;n;[];;\r\n"); // 9: two faults
    content.extend(b"aws;1;t;f;\"open;;;\r\n"); // 10: never closed
    content.extend(b"aws;1;t;g;n;;;\r\n"); // 11
    let reader = open(&content, None).unwrap();
    assert_eq!(reader.ignored_columns(), ["note"]);
    let entries: Vec<_> = reader.map(Result::unwrap).collect();
    let InventoryEntry::Resource(3, first) = &entries[0] else {
        panic!("{entries:?}")
    };
    assert_eq!(first.name, "two\r\nlines");
    assert_eq!(
        first.native_tags,
        BTreeMap::from([("env".into(), "prod".into()), ("k".into(), "1".into())])
    );
    let InventoryEntry::Resource(6, short) = &entries[1] else {
        panic!("{entries:?}")
    };
    assert_eq!((short.name.as_str(), short.native_tags.len()), ("b", 0));
    let InventoryEntry::Resource(7, third) = &entries[2] else {
        panic!("{entries:?}")
    };
    assert_eq!(third.name, "=1+1");
    let InventoryEntry::Rejected(two) = &entries[4] else {
        panic!("{entries:?}")
    };
    assert_eq!(two.iter().filter(|f| f.line == Some(9)).count(), 2);
    assert_eq!(
        two[1],
        Rejection {
            resource_id: Some("e".into()),
            ..Rejection::of("cloud", "ibm", "is none of aws, gcp, azure").at(9)
        }
    );
    let (resources, rejected) = outcome(&content);
    assert_eq!(resources.iter().map(|r| r.0).collect::<Vec<_>>(), [3, 6, 7, 11]);
    let expected = [
        (8, "is not UTF-8 at byte 1"),
        (9, "is not an object of key and value"),
        (10, "opens a quote that is not closed within 1 MiB"),
    ];
    assert_eq!(rejected, expected.map(|(line, reason)| (line, reason.to_owned())));
}

#[test]
fn an_equal_row_again_is_no_fault_and_azure_ids_have_no_case() {
    let vm = |id: &str, name: &str| {
        json!({"cloud": "azure", "account_id": "s", "resource_type": "t", "name": name, "resource_id": id})
            .to_string()
            + "\n"
    };
    let content = [
        json_line("a"),
        json_line("a"),
        vm("/Subscriptions/s/x", "n"),
        vm("/subscriptions/S/X", "m"),
    ];
    let (resources, rejected) = outcome(content.concat());
    assert_eq!(resources.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        rejected,
        [(4, "is a duplicate of line 3, with other values".to_owned())]
    );
}

#[test]
fn an_open_quote_costs_one_line_only() {
    let mut content = format!("{HEADER}aws,1,t,\"open,n\n");
    content.extend((0..60_000).map(|row| {
        format!(
            "aws,1,t,id-{row},some name
"
        )
    }));
    content += &"z".repeat(1 << 21);
    content += "\naws,1,t,last,n\n";
    let (resources, rejected) = outcome(&content);
    assert_eq!(resources.len(), 60_001);
    assert_eq!(resources[0], (3, "id-0".into()));
    assert_eq!(resources[60_000], (60_004, "last".into()));
    assert_eq!(rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 60_003]);
    // The line that is too long is reached while the quote is still open.
    let (resources, rejected) = outcome(format!(
        "{HEADER}aws,\"\naws,1,t,a,\n{}\naws,1,t,b,\n",
        "z".repeat(1 << 21)
    ));
    assert_eq!(resources, [(3, "a".into()), (5, "b".into())]);
    assert_eq!(rejected.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn formats_are_known_by_content_then_by_name() {
    let text = |name| match open("nonsense\n", name) {
        Ok(reader) => format!("{} rejected", reader.count()),
        Err(error) => error.to_string(),
    };
    assert_eq!(text(Some("inventory.JSONL.gz")), "1 rejected");
    assert!(text(Some("inventory.csv")).starts_with("the header lacks the columns cloud,"));
    assert!(text(None).starts_with("the header lacks"));
    let refused = |content: &[u8]| open(content, None).err().unwrap().to_string();
    assert!(refused(b"\n [{}]").contains("JSON array"));
    assert!(refused(b"PK\x03\x04").contains(".xlsx"));
    assert!(refused(b"<html>").contains("HTML"));
    assert!(refused(&b"x".repeat(2 << 20)).contains("header of more than 1 MiB"));
    assert!(refused(b"cloud,\"account").contains("never closed"));
    assert!(refused(b"cloud,\xff").contains("not UTF-8"));
    assert!(read("").is_empty());
    assert!(read(template()).is_empty());
    let filled = template() + "azure,s,t,id,,,2024-01-01,,prod,\r\n";
    let [InventoryEntry::Resource(2, report)] = &read(filled)[..] else {
        panic!()
    };
    assert_eq!(
        report.native_tags,
        BTreeMap::from([("environment".into(), "prod".into())])
    );
    assert_eq!((report.cloud, report.name.as_str()), (Cloud::Azure, "id"));
}

#[test]
fn gzip_truncated_anywhere_is_an_error() {
    let content: String = (0..50).map(|row| json_line(&format!("id-{row}"))).collect();
    let mut packed = gzip(content.as_bytes());
    assert_eq!(read(&packed).len(), 50);
    for length in 2..packed.len() {
        let result = open(&packed[..length], None).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        assert!(
            matches!(result, Err(ReadError::Io { .. })),
            "cut to {length}: {result:?}"
        );
    }
    let checksum = packed.len() - 6;
    packed[checksum] ^= 1;
    assert!(open(&packed, None).unwrap().any(|entry| entry.is_err()));
    // Two members, as `cat a.gz b.gz` makes them.
    assert_eq!(
        read([gzip(json_line("a").as_bytes()), gzip(json_line("b").as_bytes())].concat()).len(),
        2
    );
}

#[test]
fn reading_ends_after_an_error() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let input = Cursor::new(json_line("a").into_bytes()).chain(Failing);
    let mut reader = InventoryReader::from_reader(input, None, ReadOptions::default()).unwrap();
    assert!(matches!(reader.next(), Some(Ok(InventoryEntry::Resource(1, _)))));
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "broke off after line 1: unplugged");
    assert!(reader.next().is_none());
}

/// CSV of the reports, as an export writes it.
fn export(reports: &[ResourceReport]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record(InventoryColumn::ALL.map(InventoryColumn::name))
        .unwrap();
    for report in reports {
        let cells = [
            serde_json::to_value(report.cloud)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
            report.account_id.clone(),
            report.resource_type.clone(),
            report.resource_id.clone(),
            report.name.clone(),
            report.region.clone().unwrap_or_default(),
            report
                .created_at
                .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
                .unwrap_or_default(),
            serde_json::to_string(&report.native_tags).unwrap(),
        ];
        writer
            .write_record(cells.iter().map(|cell| escape_formula(cell).into_owned()))
            .unwrap();
    }
    writer.into_inner().unwrap()
}

fn trimmed(pattern: &'static str) -> impl Strategy<Value = String> {
    pattern
        .prop_map(|s: String| s.trim().to_owned())
        .prop_filter("not empty", |s| !s.is_empty())
}

fn reports() -> impl Strategy<Value = Vec<ResourceReport>> {
    let id = || trimmed("['=+@,;\"a]{0,4}\\PC{1,12}");
    let text = "['=+@,;\"\r\n\ta]{0,4}[^\0]{0,12}";
    let report = (
        prop::sample::select(vec![Cloud::Aws, Cloud::Gcp, Cloud::Azure]),
        (id(), id(), prop::option::of(id())),
        trimmed(text),
        prop::collection::btree_map(text.prop_filter("a key", |s| !s.is_empty()), text, 0..4),
        prop::option::of(-60_000_000_000_000_000_i64..250_000_000_000_000_000),
    )
        .prop_map(
            |(cloud, (account_id, resource_type, region), name, native_tags, micros)| ResourceReport {
                unstated: UnstatedFields::default(),
                resource_id: String::new(),
                name,
                cloud,
                account_id,
                resource_type: match cloud {
                    Cloud::Azure => resource_type.to_lowercase(),
                    _ => resource_type,
                },
                region,
                native_tags,
                created_at: micros.and_then(DateTime::from_timestamp_micros),
            },
        );
    prop::collection::btree_map(id(), report, 0..5).prop_map(|by_id| {
        by_id
            .into_iter()
            .map(|(resource_id, report)| ResourceReport {
                resource_id,
                ..report
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_the_same(reports in reports()) {
        let imported: Vec<_> = read(export(&reports)).into_iter().map(|entry| match entry {
            InventoryEntry::Resource(_, report) => report,
            InventoryEntry::Rejected(faults) => panic!("{faults:?}"),
        }).collect();
        prop_assert_eq!(imported, reports);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_each_json_line_counts(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 0..40), 0..8),
    ) {
        let content = lines.join(&b'\n');
        let expected = lines.iter().filter(|l| !l.trim_ascii().is_empty()).count();
        let _ = open(&content, None).map(Iterator::count);
        let csv = [HEADER.as_bytes(), &content].concat();
        prop_assert!(open(csv, None).unwrap().all(|entry| entry.is_ok()));
        let json = [json_line("first").as_bytes(), &content].concat();
        prop_assert_eq!(read(json).len(), expected + 1);
    }
}

#[test]
#[ignore = "needs CORPUS_DIR"]
fn the_corpus_is_read_line_by_line_and_survives_an_export() {
    let directory = std::env::var_os("CORPUS_DIR").expect("CORPUS_DIR names the inventory");
    let path = Path::new(&directory).join("shared.jsonl.gz");
    let mut resources = Vec::new();
    let mut rejected = Vec::new();
    for entry in InventoryReader::open(path, ReadOptions::default()).unwrap() {
        match entry.unwrap() {
            InventoryEntry::Resource(_, report) => resources.push(report),
            InventoryEntry::Rejected(faults) => rejected.push(faults),
        }
    }
    eprintln!(
        "corpus: {} resources, {} rejected: {rejected:?}",
        resources.len(),
        rejected.len()
    );
    assert_eq!(resources.len() + rejected.len(), 23_774);
    let of_account = |fault: &Rejection| {
        fault.reason.starts_with("names the account") || fault.reason.starts_with("is an id of")
    };
    let foreign: Vec<_> = rejected
        .iter()
        .flatten()
        .filter(|fault| of_account(fault))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let again: Vec<_> = read(export(&resources))
        .into_iter()
        .map(|entry| match entry {
            InventoryEntry::Resource(_, report) => report,
            InventoryEntry::Rejected(faults) => panic!("{faults:?}"),
        })
        .collect();
    // JSON Lines leave out fields that CSV has a column for.
    let stated = |reports: Vec<ResourceReport>| -> Vec<ResourceReport> {
        let stated = |report| ResourceReport {
            unstated: UnstatedFields::default(),
            ..report
        };
        reports.into_iter().map(stated).collect()
    };
    assert!(
        stated(again) == stated(resources),
        "an export does not come back the same"
    );
}
