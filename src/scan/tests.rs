//! Whole files: kinds, packings, encodings, pipes, and the damaged bills.

use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::*;
use crate::problem::{Problem, Problems};

const TABLE: &str = "day,customer,cost\n2026-09-01,acme,0.10\n2026-09-02,umbra,2.5\n";

fn bytes(content: &[u8]) -> Result<Vec<Opened>, Problem> {
    with(content, &How::default())
}

fn with(content: &[u8], how: &How) -> Result<Vec<Opened>, Problem> {
    open_reader(Box::new(Cursor::new(content.to_vec())), "bill.csv", how)
}

/// All rows of a table, cells joined by a bar, `~` for an absent one; and the codes of problems.
fn read(opened: Opened) -> (Vec<String>, Vec<&'static str>) {
    let Body::Table(mut source) = opened.body else {
        panic!("not a table");
    };
    let mut problems = Problems::default();
    let mut row = Row::default();
    let mut rows = Vec::new();
    while source.next_row(&mut row, &mut problems) {
        let cells: Vec<&str> = (0..row.len())
            .map(|at| row.get(at).unwrap_or("~"))
            .collect();
        rows.push(cells.join("|"));
    }
    let codes = problems.kept().iter().map(|p| p.entry.code).collect();
    (rows, codes)
}

fn one(content: &[u8]) -> Opened {
    let mut all = bytes(content).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn refused(content: &[u8]) -> Problem {
    match bytes(content) {
        Ok(_) => panic!("not refused"),
        Err(problem) => problem,
    }
}

/// The code of the refusal, wherever it comes: at opening, or while reading.
fn refusal(content: &[u8]) -> Option<&'static str> {
    match bytes(content) {
        Err(problem) => Some(problem.entry.code),
        Ok(all) => all.into_iter().find_map(|opened| match opened.body {
            Body::Empty => None,
            Body::Table(_) => read(opened).1.first().copied(),
        }),
    }
}

fn table_rows() -> Vec<String> {
    vec!["2026-09-01|acme|0.10".into(), "2026-09-02|umbra|2.5".into()]
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let method = match content.len() % 2 {
            0 => zip::CompressionMethod::Stored,
            _ => zip::CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        match name.ends_with('/') {
            true => writer.add_directory(*name, options).unwrap(),
            false => writer.start_file(*name, options).unwrap(),
        }
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn plain_packed_and_split_in_members_are_the_same() {
    let (first, second) = TABLE.as_bytes().split_at(30);
    let members = [gz(first), gz(second)].concat();
    let frames = [zstd(first), zstd(second)].concat();
    let mut contents = Vec::new();
    for stored in [
        TABLE.as_bytes().to_vec(),
        gz(TABLE.as_bytes()),
        members,
        frames,
    ] {
        let opened = one(&stored);
        let receipt = opened.receipt.clone();
        assert_eq!(opened.peek.header.names(), ["day", "customer", "cost"]);
        assert_eq!(opened.peek.rows.len(), 2);
        assert_eq!(opened.peek.text, TABLE);
        assert_eq!(read(opened), (table_rows(), vec![]));
        assert_eq!(receipt.bytes(), stored.len() as u64);
        assert!(receipt.sha256().is_some());
        contents.push(receipt.content().unwrap());
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
}

#[test]
fn every_truncation_of_a_packed_file_is_refused() {
    for whole in [gz(TABLE.as_bytes()), zstd(TABLE.as_bytes())] {
        for length in 5..whole.len() {
            let code = refusal(&whole[..length]);
            assert_eq!(code, Some("T3019"), "{length} of {} bytes", whole.len());
        }
    }
}

#[test]
fn changed_bits_and_trailing_bytes_are_refused() {
    let mut whole = gz(TABLE.as_bytes());
    let checksum = whole.len() - 8;
    whole[checksum] ^= 1;
    let problem = refused(&whole);
    assert_eq!(problem.entry.code, "T3019");
    assert!(problem.message.contains("checksum"), "{}", problem.message);
    let followed = [gz(TABLE.as_bytes()), b"garbage".to_vec()].concat();
    assert_eq!(refused(&followed).entry.code, "T3019");
    let zeros = [gz(TABLE.as_bytes()), vec![0; 16]].concat();
    assert_eq!(refused(&zeros).entry.code, "T3019");
    let followed = [zstd(TABLE.as_bytes()), b"garbage".to_vec()].concat();
    assert_eq!(refused(&followed).entry.code, "T3019");
}

#[test]
fn fault_behind_the_first_block_comes_after_the_rows() {
    let row = "2026-09-01,acme,0.10\n".repeat(20_000);
    let mut whole = gz(format!("day,customer,cost\n{row}").as_bytes());
    let checksum = whole.len() - 8;
    whole[checksum] ^= 1;
    let opened = one(&whole);
    let receipt = opened.receipt.clone();
    let (rows, codes) = read(opened);
    assert!(!rows.is_empty());
    assert_eq!(codes, ["T3019"]);
    assert_eq!(
        receipt.content(),
        None,
        "a damaged file has no content hash"
    );
}

#[test]
fn zip_members_are_files_of_their_own() {
    let stored = zip(&[
        ("folder/", b""),
        ("cost.csv", TABLE.as_bytes()),
        ("folder/usage.jsonl", b"{\"a\":1}\n{\"a\":2}\n"),
        ("__MACOSX/._cost.csv", b"\0\0"),
        (".DS_Store", b"\0\0"),
    ]);
    let all = bytes(&stored).unwrap();
    let names: Vec<&str> = all.iter().map(|opened| &*opened.name).collect();
    assert_eq!(names, ["bill.csv!cost.csv", "bill.csv!folder/usage.jsonl"]);
    let receipts: Vec<Receipt> = all.iter().map(|opened| opened.receipt.clone()).collect();
    let mut all = all.into_iter();
    assert_eq!(read(all.next().unwrap()), (table_rows(), vec![]));
    assert_eq!(read(all.next().unwrap()).0, ["1", "2"]);
    assert_eq!(receipts[0].sha256(), receipts[1].sha256());
    assert_eq!(receipts[0].bytes(), stored.len() as u64);
    let plain = one(TABLE.as_bytes());
    let receipt = plain.receipt.clone();
    read(plain);
    assert_eq!(receipts[0].content(), receipt.content());
    assert_ne!(receipts[0].content(), receipts[1].content());
}

#[test]
fn zip_from_a_regular_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), zip(&[("a.csv", TABLE.as_bytes())])).unwrap();
    let mut all = open(file.path(), "b.zip", &How::default()).unwrap();
    assert_eq!(&*all[0].name, "b.zip!a.csv");
    assert!(!all[0].receipt.changed());
    assert_eq!(read(all.remove(0)).0, table_rows());
}

#[test]
fn damaged_zips_are_refused() {
    let whole = zip(&[("a.csv", TABLE.as_bytes()), ("b.csv", b"x,y\n1,2\n")]);
    for length in [5, whole.len() / 2, whole.len() - 1] {
        assert_eq!(refusal(&whole[..length]), Some("T3019"), "{length}");
    }
    // One byte of the second member, which is stored as it is: the rows look right.
    let mut flipped = whole.clone();
    let at = flipped
        .windows(4)
        .position(|part| part == b"1,2\n")
        .unwrap();
    flipped[at] = b'7';
    assert_eq!(refusal(&flipped), Some("T3019"));
    assert_eq!(
        refused(&zip(&[("a.csv.gz", &gz(TABLE.as_bytes()))]))
            .entry
            .code,
        "T3019"
    );
    assert_eq!(refused(&gz(&gz(TABLE.as_bytes()))).entry.code, "T3019");
    assert_eq!(refused(&zip(&[("only/", b"")])).entry.code, "T3001");
}

#[test]
fn other_documents_are_named() {
    let workbook = zip(&[("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")]);
    for (content, word) in [
        (workbook.as_slice(), "Excel workbook"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "old Excel"),
        (
            b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
            "HTML",
        ),
        (b"\n <?xml version=\"1.0\"?><a/>", "XML"),
        (
            b"{\"error\": {\"message\": \"no such key\"}}",
            "error message in JSON",
        ),
        (
            b"{\n \"message\": \"Unauthorized\"\n}",
            "error message in JSON",
        ),
        (b"BZh91AY&SY....", "bzip2"),
    ] {
        let problem = refused(content);
        assert_eq!(problem.entry.code, "T3003", "{word}");
        assert!(problem.message.contains(word), "{}", problem.message);
        assert!(problem.help.is_some());
    }
}

#[test]
fn unpacking_is_bounded() {
    let how = How {
        limits: Limits {
            max_unpacked: 1 << 20,
            ..Limits::default()
        },
        ..How::default()
    };
    let rows = format!("a,b\n{}", "1,2\n".repeat(1 << 20));
    for stored in [gz(rows.as_bytes()), zip(&[("a.csv", rows.as_bytes())])] {
        let opened = with(&stored, &how).unwrap().remove(0);
        assert_eq!(read(opened).1, ["T5003"]);
    }
    // What is not packed is as large as it is.
    let opened = with(rows.as_bytes(), &how).unwrap().remove(0);
    assert_eq!(read(opened).0.len(), 1 << 20);
    // A gibibyte of zeros is one line without an end.
    let zeros = gz(&vec![0; 8 << 20]);
    assert_eq!(refused(&zeros).entry.code, "T5001");
}

#[test]
fn byte_order_marks_and_declared_latin1() {
    let text = "who,cost\ncafé 漢 😀,1\n";
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let little: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(text.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    for content in [text.as_bytes(), &marked, &little, &big, &gz(&little)] {
        let opened = one(content);
        assert_eq!(opened.peek.header.names(), ["who", "cost"]);
        assert_eq!(read(opened), (vec!["café 漢 😀|1".to_string()], vec![]));
    }
    let latin1 = b"who,cost\ncaf\xE9,1\x80\n";
    let problem = refused(latin1);
    assert_eq!(problem.entry.code, "T3010");
    let place = problem.place.unwrap();
    assert_eq!(
        (place.line, place.column, place.byte),
        (Some(2), Some(1), Some(12))
    );
    let how = How {
        latin1: true,
        ..How::default()
    };
    let opened = with(latin1, &how).unwrap().remove(0);
    assert_eq!(read(opened).0, ["café|1€"]);
    let opened = with(text.as_bytes(), &how).unwrap().remove(0);
    assert_ne!(read(opened).0, ["café 漢 😀|1"], "declared is declared");
}

#[test]
fn broken_utf16_is_refused() {
    // An odd byte at the end; half a surrogate pair; no mark at all.
    assert_eq!(
        refusal(b"\xFF\xFEa\0,\0b\0\n\x001\0,\x002\0\n"),
        Some("T3010")
    );
    assert_eq!(
        refusal(b"\xFF\xFEa\0,\0b\0\n\0\x3D\xD81\0,\x002\0\n\0"),
        Some("T3010")
    );
    assert_eq!(refusal(b"a\0,\0b\0\n\x001\0,\x002\0\n\0"), Some("T3010"));
    assert_eq!(refusal(b"\0a\0,\0b\0\n"), Some("T3010"));
}

#[test]
fn offsets_behind_a_mark_are_those_of_the_file() {
    let opened = one(b"\xEF\xBB\xBFa,b\n1,2\n3\n");
    let Body::Table(mut source) = opened.body else {
        panic!("not a table");
    };
    let mut problems = Problems::default();
    let mut row = Row::default();
    assert!(source.next_row(&mut row, &mut problems));
    assert_eq!((row.byte(), row.place(source.file(), 1).byte), (7, Some(9)));
    assert!(!source.next_row(&mut row, &mut problems));
    assert_eq!(problems.kept()[0].place.as_ref().unwrap().byte, Some(11));
}

#[test]
fn missing_files_and_directories() {
    let code = |path: &Path| match open(path, "x", &How::default()) {
        Ok(_) => panic!("opened"),
        Err(problem) => (problem.entry.code, problem.message),
    };
    let folder = tempfile::tempdir().unwrap();
    let (found, message) = code(folder.path());
    assert_eq!(found, "T4001");
    assert!(message.contains("directory"));
    let (found, message) = code(&folder.path().join("none.csv"));
    assert_eq!(found, "T4001");
    assert!(message.contains("No such file"), "{message}");
}

#[test]
fn change_while_reading_is_seen() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), TABLE).unwrap();
    let opened = open(file.path(), "a.csv", &How::default())
        .unwrap()
        .remove(0);
    let receipt = opened.receipt.clone();
    read(opened);
    assert!(!receipt.changed());
    let mut again = std::fs::OpenOptions::new()
        .append(true)
        .open(file.path())
        .unwrap();
    again.write_all(b"2026-09-03,acme,1\n").unwrap();
    assert!(receipt.changed());
}

#[cfg(unix)]
#[test]
fn named_pipes_are_read_in_one_pass() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..30_000).map(|n| format!("{n},x\n")).collect();
    for (number, stored) in [
        format!("n,t\n{rows}").into_bytes(),
        gz(format!("n,t\n{rows}").as_bytes()),
        zip(&[("a.csv", format!("n,t\n{rows}").as_bytes())]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("pipe{number}"));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let writer = path.clone();
        let writing = std::thread::spawn(move || std::fs::write(writer, stored).unwrap());
        let opened = open(&path, "p", &How::default()).unwrap().remove(0);
        let receipt = opened.receipt.clone();
        let (found, codes) = read(opened);
        assert_eq!((found.len(), codes), (30_000, vec![]));
        assert_eq!(found[29_999], "29999|x");
        assert!(!receipt.changed() && receipt.sha256().is_some());
        writing.join().unwrap();
    }
}

#[test]
fn json_gives_the_same_rows_in_every_layout() {
    for content in [
        "{\"a\":1,\"b\":{\"c\":[{}]}}\n{\"a\":2}\n",
        "\n{\"a\":1,\"b\":{\"c\":[{}]}}\n\n{\"a\":2}",
        "[{\"a\":1,\"b\":{\"c\":[{}]}},{\"a\":2}]",
        "{\n  \"a\": 1,\n  \"b\": {\"c\": [{}]}\n}\n{\n  \"a\": 2\n}\n",
    ] {
        let opened = one(content.as_bytes());
        assert_eq!(opened.peek.header.names(), ["a", "b.c"], "{content}");
        let (rows, codes) = read(opened);
        assert_eq!((rows, codes), (vec!["1|[{}]".into(), "2|~".into()], vec![]));
    }
}

#[test]
fn a_long_document_is_no_long_line() {
    let long = "x".repeat(3 << 20);
    let opened = one(format!("{{\n\"data\":[\"{long}\"]}}").as_bytes());
    assert!(opened.peek.rows.is_empty());
    assert_eq!(read(opened).0[0].len(), long.len() + 4);
}

#[test]
fn broken_documents_are_located() {
    let problem = refused(b"{\n \"a\": 1,\n \"a\": 2\n}\n");
    assert_eq!(problem.entry.code, "T3018");
    assert_eq!(problem.place.unwrap().line, Some(3));
    let problem = refused(b"[\n{\"a\": 1},\n{\"a\": ");
    assert_eq!(
        (problem.entry.code, problem.place.unwrap().line),
        ("T3015", Some(3))
    );
}

#[test]
fn peek_stops_at_whole_rows() {
    let rows: String = (0..40)
        .map(|n| format!("{n},{}\n", "x".repeat(2000)))
        .collect();
    let opened = one(format!("n,t\n{rows}").as_bytes());
    // 64 KiB hold the header and 32 rows of 2004 bytes or fewer.
    assert_eq!(opened.peek.text.len(), 64 << 10);
    assert_eq!(opened.peek.rows.len(), 32);
    assert!(
        opened
            .peek
            .rows
            .iter()
            .all(|row| row.get(1).unwrap().len() == 2000)
    );
    assert_eq!(read(opened).0.len(), 40);
}

#[test]
fn every_prefix_is_refused_or_exact_up_to_its_last_row() {
    let whole = format!("{TABLE}2026-09-03,\"k,\"\"1\"\"\",7\n");
    let full = read(one(whole.as_bytes())).0;
    let mut silent = 0;
    for length in TABLE.find('\n').unwrap()..whole.len() {
        let Ok(mut all) = bytes(&whole.as_bytes()[..length]) else {
            panic!("the header is whole");
        };
        let receipt = all[0].receipt.clone();
        let (rows, codes) = read(all.remove(0));
        let exact = full.starts_with(&rows);
        if codes.is_empty() && !exact {
            // Only the last cell of a row without a line end may be short, and that is noted.
            assert!(full.starts_with(&rows[..rows.len() - 1]));
            assert!(receipt.unterminated(), "{length}");
            silent += 1;
        }
        assert!(
            exact || codes.is_empty(),
            "rows given beside a problem are right"
        );
    }
    // `0.10` cut to nothing, `0`, `0.`, `0.1`; `2.5` to nothing, `2`, `2.`; `7` to nothing.
    assert_eq!(silent, 8);
}

/// The damage of the published corpus that lies in the structure of the file, over a bill of the
/// same shape: nothing of it passes, and all of it is found in its line.
#[test]
fn structural_damage_never_passes() {
    let header = "date,request_id,customer,model,input_tokens,output_tokens,cost,project";
    let rows: Vec<String> = (0..12)
        .map(|n| {
            format!(
                "2026-09-{:02},req_{n:05},cus_{},m-x,{},{},0.00{n}1,prod",
                n + 1,
                n % 5,
                n * 37 + 10,
                n + 1
            )
        })
        .collect();
    let mut checked = 0;
    for damaged in 0..rows.len() {
        let cells: Vec<&str> = rows[damaged].split(',').collect();
        let mut variants = vec![cells.join(";"), rows[damaged].replacen("cus", "c\0s", 1)];
        for at in 0..cells.len() {
            let replaced = |cell: String| {
                let mut cells: Vec<String> = cells.iter().map(|c| c.to_string()).collect();
                cells[at] = cell;
                cells.join(",")
            };
            variants.push(replaced(format!("\"{}", cells[at])));
            variants.push(replaced(format!("{}\"", cells[at])));
            variants.push(replaced(format!(
                "{}\"{}",
                &cells[at][..2.min(cells[at].len())],
                &cells[at][2.min(cells[at].len())..]
            )));
            variants.push(replaced(format!(",{}", cells[at])));
            if at > 0 {
                let mut joined: Vec<String> = cells.iter().map(|c| c.to_string()).collect();
                let cell = joined.remove(at);
                joined[at - 1] += &cell;
                variants.push(joined.join(","));
            }
        }
        for variant in variants {
            let mut lines = vec![header.to_string()];
            lines.extend(rows.iter().cloned());
            lines[damaged + 1] = variant.clone();
            let opened = one((lines.join("\r\n") + "\r\n").as_bytes());
            let Body::Table(mut source) = opened.body else {
                panic!("not a table");
            };
            let mut problems = Problems::default();
            while source.next_row(&mut Row::default(), &mut problems) {}
            assert_eq!(problems.total(), 1, "{variant}");
            let place = problems.kept()[0].place.as_ref().unwrap();
            assert_eq!(place.line, Some(damaged as u64 + 2), "{variant}");
            checked += 1;
        }
    }
    assert_eq!(checked, 12 * (2 + 8 * 4 + 7));
}

#[test]
fn a_row_of_another_width_says_which_cell_is_at_fault() {
    let rows = "2026-09-01,acme,5721,0.10\n2026-09-02,umbra,63,2.5\n2026-09-03,acme,810,0.7\n";
    for (row, column, words) in [
        (
            "2026-09-04,acme,2,481,0.31",
            3,
            "cell 3, tokens, looks split by the ','",
        ),
        (
            "2026-09-04,acme,94,0,31",
            4,
            "cell 4, cost, looks split by the ','",
        ),
        (
            "2026-09-04,,acme,94,0.31",
            2,
            "cell 2 is empty and looks added",
        ),
        (
            "2026-09-04,acme94,0.31",
            2,
            "cell 2, customer, looks run together with tokens",
        ),
        // Nothing fits: the first cell too many.
        ("a,b,c,d,e", 5, "the row has 5 cells, the header has 4"),
    ] {
        // In the first row as in the last.
        for text in [
            format!("day,customer,tokens,cost\n{row}\n{rows}"),
            format!("day,customer,tokens,cost\n{rows}{row}\n"),
        ] {
            let Body::Table(mut source) = one(text.as_bytes()).body else {
                panic!("not a table");
            };
            let mut problems = Problems::default();
            while source.next_row(&mut Row::default(), &mut problems) {}
            let problem = &problems.kept()[0];
            assert!(problem.message.ends_with(words), "{}", problem.message);
            assert_eq!(problem.place.as_ref().and_then(|p| p.column), Some(column));
        }
    }
}

#[test]
fn an_empty_file_passes_only_where_it_may() {
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    gz.write_all(b"\n").unwrap();
    let allowed = How {
        allow_empty: true,
        ..How::default()
    };
    for content in [b"".to_vec(), b"\n \n".to_vec(), gz.finish().unwrap()] {
        assert_eq!(refused(&content).entry.code, "T3001");
        let opened = with(&content, &allowed).unwrap().remove(0);
        assert!(matches!(opened.body, Body::Empty));
        assert_eq!(opened.receipt.bytes(), content.len() as u64);
        assert!(opened.receipt.sha256().is_some());
    }
    // What is no table is refused all the same.
    assert_eq!(
        with(b"%PDF-1.7", &allowed).err().map(|p| p.entry.code),
        Some("T3003")
    );
}
