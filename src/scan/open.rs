//! What a file is, by its first bytes, never by its name; and the right reader for it.
//!
//! Everything is read in a single pass, so pipes, `/dev/stdin` and process substitution work like
//! files. What is no table is refused with a word that says what it is.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::csv::{CsvSource, cut, empty};
use super::decode::{BLOCK, Decoder};
use super::documents::Documents;
use super::json;
use super::jsonl::JsonLines;
use super::receipt::{Receipt, Tap, reason};
use super::unpack::{Packing, Unpacked, damaged, unreadable};
use super::window::Window;
use super::{Body, How, Opened, archive, columnar, peek};
use crate::problem::{Place, Problem, catalogue};

/// How many first bytes are looked at.
const LOOK: usize = 512;
/// Longest JSON document, in bytes: it is held in memory as a whole.
const MAX_DOCUMENT: usize = 128 << 20;

/// Opens a file, `-` for standard input, as the tables in it: one, or one for each member of a
/// zip.
///
/// # Errors
/// The file cannot be read, is damaged, is empty, or is no table; the problem names its place.
pub fn open(path: &Path, name: &str, how: &How) -> Result<Vec<Opened>, Problem> {
    if path == Path::new("-") {
        return open_reader(Box::new(std::io::stdin()), name, how);
    }
    let name: Arc<str> = name.into();
    let failed = |error: std::io::Error| unreadable(&name, &reason(&error));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(unreadable(&name, "it is a directory").help("name the files in it"));
    }
    if !metadata.is_file() {
        return open_stored(&name, Box::new(file), None, Receipt::default(), how);
    }
    let receipt = Receipt::of_file(path.to_path_buf(), &metadata);
    let again = file.try_clone().map_err(failed)?;
    open_stored(&name, Box::new(file), Some(again), receipt, how)
}

/// Opens a stream in the same way.
///
/// # Errors
/// As for [`open`].
pub fn open_reader(
    reader: Box<dyn Read + Send>,
    name: &str,
    how: &How,
) -> Result<Vec<Opened>, Problem> {
    open_stored(&name.into(), reader, None, Receipt::default(), how)
}

/// Opens what is stored; `file` is the same bytes as a regular file, if they are one.
fn open_stored(
    name: &Arc<str>,
    reader: Box<dyn Read + Send>,
    file: Option<File>,
    receipt: Receipt,
    how: &How,
) -> Result<Vec<Opened>, Problem> {
    let mut tap = Tap::new(reader, receipt.clone());
    let mut first = Vec::new();
    if let Err(error) = (&mut tap).take(LOOK as u64).read_to_end(&mut first) {
        return Err(unreadable(name, &reason(&error)));
    }
    let magic = magic(&first);
    let packing = match magic {
        Magic::Gzip => Packing::Gzip,
        Magic::Zstd => Packing::Zstd,
        _ => Packing::Plain,
    };
    let stored = Box::new(Cursor::new(first).chain(tap));
    let stream = Unpacked::new(name, stored, packing, &receipt, &how.limits)?;
    if magic == Magic::Zip {
        return archive::open(stream, file, how);
    }
    let file = file.filter(|_| packing == Packing::Plain);
    Ok(vec![open_unpacked(
        stream,
        file,
        packing != Packing::Plain,
        how,
    )?])
}

/// Opens plain bytes. `file` is the same bytes as a regular file, if they are one; `nested` says
/// that they came out of an archive.
pub(super) fn open_unpacked(
    stream: Unpacked,
    file: Option<File>,
    nested: bool,
    how: &How,
) -> Result<Opened, Problem> {
    let (name, receipt) = (stream.name().clone(), stream.receipt().clone());
    match open_content(stream, file, nested, how) {
        Err(problem) if how.allow_empty && problem.entry.code == catalogue::EMPTY_FILE.code => {
            Ok(Opened {
                name,
                body: Body::Empty,
                peek: peek::Peek::default(),
                receipt,
            })
        }
        other => other,
    }
}

fn open_content(
    mut stream: Unpacked,
    file: Option<File>,
    nested: bool,
    how: &How,
) -> Result<Opened, Problem> {
    let mut first = vec![0; LOOK];
    let count = stream.fill(&mut first)?;
    first.truncate(count);
    let name = stream.name().clone();
    if first.is_empty() {
        return Err(empty(&name));
    }
    match magic(&first) {
        Magic::Text => open_text(stream, first, how),
        Magic::Parquet => columnar::open(stream, &first, file, how),
        Magic::Foreign(what, advice) => Err(not_text(&name, what).help(advice)),
        Magic::Gzip | Magic::Zstd | Magic::Zip if nested => Err(damaged(
            &name,
            "a compressed file stands inside the compressed file",
        )
        .help("unpack the outer one")),
        // Compressed bytes that are not nested are unpacked before they come here.
        Magic::Gzip | Magic::Zstd | Magic::Zip => Err(not_text(&name, "a compressed file")),
    }
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Text,
    Gzip,
    Zstd,
    Zip,
    Parquet,
    /// Something else: what, and what to do.
    Foreign(&'static str, &'static str),
}

fn magic(first: &[u8]) -> Magic {
    const EXPORT: &str = "export the table as CSV";
    const REPACK: &str = "unpack it first; .gz, .zst and .zip are read as they are";
    match first {
        [0x1F, 0x8B, ..] => Magic::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Magic::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Magic::Zip,
        [b'P', b'A', b'R', b'1', ..] if first.len() >= 12 => Magic::Parquet,
        _ if first.starts_with(b"%PDF-") => Magic::Foreign("a PDF document", EXPORT),
        _ if first.starts_with(b"\x89PNG") || first.starts_with(b"\xFF\xD8\xFF") => {
            Magic::Foreign("an image", EXPORT)
        }
        _ if first.starts_with(b"GIF87a") || first.starts_with(b"GIF89a") => {
            Magic::Foreign("an image", EXPORT)
        }
        _ if first.starts_with(b"\xD0\xCF\x11\xE0") => {
            Magic::Foreign("an old Excel or Word file", "save the sheet as CSV UTF-8")
        }
        _ if first.starts_with(b"SQLite format 3\0") => {
            Magic::Foreign("an SQLite database", EXPORT)
        }
        _ if first.starts_with(b"ARROW1") => Magic::Foreign("an Arrow file", "write it as Parquet"),
        _ if first.starts_with(b"Obj\x01") => Magic::Foreign("an Avro file", EXPORT),
        _ if first.starts_with(b"\xFD7zXZ\0") => Magic::Foreign("an xz file", REPACK),
        _ if first.starts_with(b"7z\xBC\xAF\x27\x1C") => Magic::Foreign("a 7z archive", REPACK),
        _ if first.starts_with(b"Rar!\x1A") => Magic::Foreign("a RAR archive", REPACK),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..] => {
            Magic::Foreign("a bzip2 file", REPACK)
        }
        _ => Magic::Text,
    }
}

pub(super) fn not_text(name: &Arc<str>, what: &str) -> Problem {
    Problem::new(
        &catalogue::NOT_TEXT,
        format!("this is {what}, not a text table"),
    )
    .at(Place::file(name))
}

fn open_text(stream: Unpacked, first: Vec<u8>, how: &How) -> Result<Opened, Problem> {
    let name = stream.name().clone();
    let receipt = stream.receipt().clone();
    let decoder = Decoder::new(stream, first, how.latin1, BLOCK);
    let mut window = Window::new(&name, decoder);
    window.ensure(peek::TEXT)?;
    let text = peek::text(&window);
    let whole = window.at_end() && text.len() == window.rest().len();
    // A declared dialect says that it is CSV.
    let declared = how.delimiter.is_some() || how.skip_lines > 0;
    let (body, peek) = match text.trim_start().bytes().next() {
        Some(b'<') => return Err(markup(&name, &text)),
        Some(b'[') if !declared => document(window, text, how)?,
        Some(b'{') if !declared => match json_layout(&mut window, how)? {
            Layout::Document => document(window, text, how)?,
            Layout::Lines => {
                let (peek, header) = peek::json_lines(&name, text, whole, how);
                let source = JsonLines::new(window, how, &header);
                (Body::Table(Box::new(source)), peek)
            }
        },
        _ => {
            let mut source = CsvSource::new(window, how)?;
            let header = super::RowSource::header(&source).clone();
            let peek = peek::csv(&name, text, whole, how, &header);
            source.learn(&peek.rows);
            (Body::Table(Box::new(source)), peek)
        }
    };
    Ok(Opened {
        name,
        body,
        peek,
        receipt,
    })
}

fn markup(name: &Arc<str>, text: &str) -> Problem {
    let start: String = text.chars().take(1000).collect::<String>().to_lowercase();
    let what = match start.contains("<html") || start.contains("<!doctype html") {
        true => "an HTML page, perhaps a login or error page",
        false => "an XML document",
    };
    let line = text.trim_start().lines().next().unwrap_or("");
    not_text(name, what)
        .excerpt(cut(line))
        .help("export the table as CSV, and sign in before downloading")
}

enum Layout {
    Lines,
    Document,
}

/// Tells JSON lines from one JSON document that begins with a brace: lines, if the first line is
/// an object of its own and others follow.
fn json_layout(window: &mut Window, how: &How) -> Result<Layout, Problem> {
    let limit = how.limits.max_line + peek::TEXT;
    let (start, end) = loop {
        let rest = window.rest();
        let start = rest.len() - rest.trim_start().len();
        let line = rest[start..].find(['\n', '\r']).map(|at| start + at);
        match line {
            Some(end) => break (start, end),
            None if window.at_end() => break (start, rest.len()),
            None if rest.len() > limit => return Ok(Layout::Document),
            None => window.more()?,
        }
    };
    match json::for_each(&window.rest()[start..end], &mut |_, _| Ok(())) {
        Ok(()) => {}
        Err(fault) if fault.cut_off => return Ok(Layout::Document),
        Err(_) => return Ok(Layout::Lines),
    }
    loop {
        let rest = window.rest();
        if !rest[end..].trim_start().is_empty() || rest.len() > limit {
            return Ok(Layout::Lines);
        }
        if window.at_end() {
            break;
        }
        window.more()?;
    }
    single_object(window.name(), &window.rest()[start..end])
}

/// A single object on one line is a document if it lists something, as an interface's answer does;
/// otherwise a log of one line.
fn single_object(name: &Arc<str>, object: &str) -> Result<Layout, Problem> {
    if let Some(problem) = error_message(name, object) {
        return Err(problem);
    }
    let mut lists = false;
    let _ = json::for_each(object, &mut |_, value: &str| {
        let inner = value.strip_prefix('[').map(str::trim_start);
        lists |= inner.is_some_and(|inner| inner.starts_with(['{', ']']));
        Ok(())
    });
    Ok(match lists {
        true => Layout::Document,
        false => Layout::Lines,
    })
}

/// Recognizes the answer of an interface that refused to answer.
fn error_message(name: &Arc<str>, object: &str) -> Option<Problem> {
    const KEYS: [&str; 12] = [
        "error",
        "errors",
        "message",
        "detail",
        "code",
        "status",
        "type",
        "title",
        "request_id",
        "requestId",
        "documentation_url",
        "success",
    ];
    let mut all = true;
    let mut says_so = false;
    let read = json::for_each(object, &mut |key: Cow<'_, str>, value: &str| {
        all &= KEYS.contains(&key.as_ref());
        says_so |=
            matches!(key.as_ref(), "error" | "errors" | "message" | "detail") && value != "null";
        Ok(())
    });
    (read.is_ok() && all && says_so).then(|| {
        not_text(name, "an error message in JSON")
            .excerpt(cut(object))
            .help("the download was refused; the message says why")
    })
}

fn document(window: Window, start: String, how: &How) -> Result<(Body, peek::Peek), Problem> {
    let name = window.name().clone();
    let text = text_of(window)?;
    let mut source = Documents::new(&name, text, how)?;
    if let Some(problem) = error_message(&name, source.text()) {
        return Err(problem);
    }
    let peek = peek::documents(&mut source, start);
    source.rewind();
    Ok((Body::Table(Box::new(source)), peek))
}

/// The rest of a text as a whole.
///
/// # Errors
/// It cannot be read, or is too long to be held.
pub(super) fn text_of(window: Window) -> Result<String, Problem> {
    let name = window.name().clone();
    window.into_text(MAX_DOCUMENT)?.ok_or_else(|| {
        let message = format!("the JSON document is longer than {MAX_DOCUMENT} bytes");
        Problem::new(&catalogue::LINE_TOO_LONG, message)
            .at(Place::file(&name))
            .help("export it as CSV or JSON lines, or in smaller periods")
    })
}
