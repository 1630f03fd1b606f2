//! How large the files are, and how large they may be.

use std::{fmt::Write as _, io::Write as _};

use anyhow::{Result, ensure};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest as _, Sha384};

use super::plan::Budget;

/// One file, in bytes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Size {
    name: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
    /// For an `integrity` attribute. The loader's is another one for each pipeline and visitor: of what is
    /// left of it here there is none to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<String>,
}

impl Size {
    pub(crate) fn of(name: &str, content: &[u8]) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            raw: content.len(),
            gzip: gzip(content)?.len(),
            brotli: brotli(content)?.len(),
            integrity: Some(integrity(content)).filter(|_| name != "loader.js"),
        })
    }

    fn sum<'a>(name: &str, of: impl IntoIterator<Item = &'a Self>) -> Self {
        let none = Self { name: name.to_owned(), raw: 0, gzip: 0, brotli: 0, integrity: None };
        of.into_iter().fold(none, |sum, size| Self {
            raw: sum.raw + size.raw,
            gzip: sum.gzip + size.gzip,
            brotli: sum.brotli + size.brotli,
            ..sum
        })
    }
}

/// Everything there is.
#[derive(Debug)]
pub(crate) struct Sizes {
    pub(crate) stub: Size,
    pub(crate) loader: Size,
    pub(crate) engine: Size,
    pub(crate) wasm: Size,
    /// Only on pages that want it.
    pub(crate) antiflicker: Size,
    /// In place of stub, loader and engine.
    pub(crate) module: Size,
    /// What is loaded when it is needed.
    pub(crate) chunks: Vec<Size>,
}

impl Sizes {
    /// Those with a name that a page can ask for.
    pub(crate) fn files(&self) -> Vec<&Size> {
        let parts = [&self.loader, &self.engine, &self.wasm, &self.module];
        parts.into_iter().chain(&self.chunks).collect()
    }

    /// What a first page view loads.
    fn page(&self) -> Size {
        Size::sum("page", [&self.stub, &self.loader, &self.engine, &self.wasm])
    }

    /// The table that every build prints.
    pub(crate) fn table(&self, budget: &Budget) -> String {
        let page = self.page();
        let as_module = Size::sum("page, as module", [&self.module, &self.wasm]);
        let on_demand = Size::sum("on demand", &self.chunks);
        let mut rows = vec![
            (&self.stub, Some(budget.stub)),
            (&self.loader, Some(budget.loader)),
            (&self.engine, None),
            (&self.wasm, None),
            (&page, Some(budget.page)),
            (&self.module, None),
            (&as_module, None),
            (&self.antiflicker, None),
        ];
        rows.extend(self.chunks.iter().chain([&on_demand]).map(|size| (size, None)));
        let mut table =
            format!("{:<26}{:>8}{:>8}{:>8}{:>8}", "file", "raw", "gzip", "brotli", "budget");
        for (Size { name, raw, gzip, brotli, .. }, budget) in rows {
            let budget = budget.map_or_else(String::new, |budget| budget.to_string());
            // Writing to a string cannot fail.
            let _ = write!(table, "\n{name:<26}{raw:>8}{gzip:>8}{brotli:>8}{budget:>8}");
        }
        for Size { name, integrity, .. } in self.files() {
            if let Some(integrity) = integrity {
                let _ = write!(table, "\n{name:<26} {integrity}");
            }
        }
        table
    }

    /// Fails with every budget that is exceeded.
    pub(crate) fn check(&self, budget: &Budget) -> Result<()> {
        let page = self.page();
        let over: Vec<String> =
            [(&self.stub, budget.stub), (&self.loader, budget.loader), (&page, budget.page)]
                .into_iter()
                .filter(|(size, budget)| size.brotli > *budget)
                .map(|(size, budget)| {
                    format!("{} has {} of {budget} bytes", size.name, size.brotli)
                })
                .collect();
        ensure!(over.is_empty(), "over budget (brotli, wasm-pack.toml): {}", over.join("; "));
        Ok(())
    }
}

/// As browsers compare it.
pub(crate) fn integrity(content: &[u8]) -> String {
    format!("sha384-{}", data_encoding::BASE64.encode(&Sha384::digest(content)))
}

/// As small as brotli gets; done once per build, so time does not matter.
pub(crate) fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let params = BrotliEncoderParams { quality: 11, lgwin: 22, ..BrotliEncoderParams::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &params)?;
    Ok(compressed)
}

/// For clients without brotli, which browsers only offer on https. The header carries no time.
pub(crate) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::{Size, Sizes, brotli, gzip};
    use crate::bundle::plan::Budget;
    use std::io::Read as _;

    #[test]
    fn compression_round_trips_and_repeats() {
        let text = "datafly ".repeat(100);
        let mut plain = Vec::new();
        let packed = brotli(text.as_bytes()).unwrap();
        brotli::BrotliDecompress(&mut &*packed, &mut plain).unwrap();
        assert_eq!(plain, text.as_bytes());
        let packed = gzip(text.as_bytes()).unwrap();
        assert_eq!(packed, gzip(text.as_bytes()).unwrap());
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, text);
    }

    /// The specification's own example.
    #[test]
    fn a_hash_is_written_as_browsers_compare_it() {
        let hash = super::integrity(b"alert('Hello, world.');");
        assert_eq!(hash, "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO");
        let known = |name| Size::of(name, b"x").unwrap().integrity.is_some();
        assert_eq!([known("a.js"), known("loader.js")], [true, false]);
    }

    #[test]
    fn every_exceeded_budget_is_named() {
        let size = |name: &str| {
            Size::sum(
                name,
                [&Size { name: String::new(), raw: 9, gzip: 8, brotli: 7, integrity: None }],
            )
        };
        let sizes = Sizes {
            stub: size("stub"),
            loader: size("loader.js"),
            engine: size("e.js"),
            wasm: size("w.wasm"),
            antiflicker: size("f"),
            module: size("m.js"),
            chunks: vec![size("a.js"), size("b.js")],
        };
        let table = sizes.table(&Budget { stub: 7, loader: 7, page: 28 });
        for sum in [
            "page                            36      32      28      28",
            "on demand                       18      16      14",
        ] {
            assert!(table.contains(sum), "{table}");
        }
        assert!(sizes.check(&Budget { stub: 7, loader: 7, page: 28 }).is_ok());
        let error = sizes.check(&Budget { stub: 6, loader: 7, page: 27 }).unwrap_err().to_string();
        assert!(
            error.contains("stub has 7 of 6") && error.contains("page has 28 of 27"),
            "{error}"
        );
        assert!(!error.contains("loader"), "{error}");
    }
}
