//! Conventions of the programs that save files.

use super::{gzip, json_line, outcome, read};
use crate::domain::discovery::InventoryEntry;

const PLAIN: &str =
    "cloud,account_id,resource_type,resource_id,name,tag:team\naws,1,t,a,\"x, y\",Zürich\naws,1,t,b,,\n";

/// Resources of a file that says what [`PLAIN`] does.
fn assert_plain(convention: &str, content: &[u8]) {
    let read: Vec<_> = read(content)
        .into_iter()
        .map(|entry| match entry {
            InventoryEntry::Resource(_, report) => (
                report.account_id,
                report.resource_type,
                report.resource_id,
                report.name,
                report.native_tags.into_iter().collect::<Vec<_>>(),
            ),
            InventoryEntry::Rejected(faults) => panic!("{convention}: {faults:?}"),
        })
        .collect();
    let row = |id: &str, name: &str, tags: &[(&str, &str)]| {
        let tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        (
            "1".to_owned(),
            "t".to_owned(),
            id.to_owned(),
            name.to_owned(),
            tags.collect(),
        )
    };
    assert_eq!(
        read,
        [row("a", "x, y", &[("team", "Zürich")]), row("b", "b", &[])],
        "{convention}"
    );
}

#[test]
fn lines_and_cells_are_read_whatever_separates_them() {
    let plain = PLAIN;
    for (convention, content) in [
        ("as it is", plain.as_bytes().to_vec()),
        ("byte order mark", format!("\u{feff}{plain}").into_bytes()),
        ("CRLF", plain.replace('\n', "\r\n").into_bytes()),
        ("CR", plain.replace('\n', "\r").into_bytes()),
        (
            "CR, with a mark",
            format!("\u{feff}{plain}").replace('\n', "\r").into_bytes(),
        ),
        ("no end of the last line", plain.trim_end().as_bytes().to_vec()),
        (
            "no blank cells at the end",
            plain.replace("b,,", "b").into_bytes(),
        ),
        (
            "blank cells at the end",
            plain.replace('\n', ",,,\n").into_bytes(),
        ),
        (
            "semicolons",
            plain
                .replace("x, y", "x@ y")
                .replace(',', ";")
                .replace('@', ",")
                .into_bytes(),
        ),
        (
            "bars",
            plain
                .replace("x, y", "x@ y")
                .replace(',', "|")
                .replace('@', ",")
                .into_bytes(),
        ),
    ] {
        assert_plain(convention, &content);
    }
}

#[test]
fn files_of_spreadsheets_are_read_whatever_their_conventions() {
    let plain = PLAIN;
    let tabs = plain
        .replace("\"x, y\"", "x; y")
        .replace(',', "\t")
        .replace("x; y", "x, y");
    let utf_16 = |text: &str, big: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units
            .flat_map(|unit: u16| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (convention, content) in [
        (
            "sep=",
            format!(
                "sep=;\r\n{}",
                plain.replace("x, y", "x@ y").replace(',', ";").replace('@', ",")
            )
            .into_bytes(),
        ),
        ("tabs", tabs.clone().into_bytes()),
        (
            "Unicode text of Excel",
            utf_16(&tabs.replace('\n', "\r\n"), false),
        ),
        ("UTF-16, big end first", utf_16(plain, true)),
        ("UTF-16 with CR", utf_16(&plain.replace('\n', "\r"), false)),
    ] {
        assert_plain(convention, &content);
    }
}

#[test]
fn titles_quotes_and_blanks_are_no_part_of_the_content() {
    let plain = PLAIN;
    for (convention, content) in [
        (
            "title above",
            format!("Inventory of March\n\n\"made by\",Ada,,\n{plain}").into_bytes(),
        ),
        (
            "a comment above",
            format!("# exported, 2024-03-01\n{plain}").into_bytes(),
        ),
        (
            "all quoted",
            plain
                .replace("\"x, y\"", "x@ y")
                .split_inclusive('\n')
                .map(|line| {
                    let cells: Vec<_> = line
                        .trim_end()
                        .split(',')
                        .map(|cell| format!("\"{cell}\""))
                        .collect();
                    cells.join(",") + "\r\n"
                })
                .collect::<String>()
                .replace('@', ",")
                .into_bytes(),
        ),
        (
            "padding",
            plain
                .replace("\"x, y\"", "  \"x, y\"  ")
                .replace(",t,", " , t , ")
                .into_bytes(),
        ),
        (
            "padded header",
            plain
                .replacen("cloud,account_id", " Cloud ,\u{a0}Account ID\u{200b}", 1)
                .into_bytes(),
        ),
        (
            "texts kept from being numbers",
            plain.replace("aws,1,", "aws,\"=\"\"1\"\"\",").into_bytes(),
        ),
        ("gzip", gzip(plain.as_bytes())),
    ] {
        assert_plain(convention, &content);
    }
}

#[test]
fn lines_of_json_may_end_with_carriage_returns() {
    let content = (json_line("a") + &json_line("b")).replace('\n', "\r");
    assert_eq!(outcome(content).0, [(1, "a".into()), (2, "b".into())]);
}
