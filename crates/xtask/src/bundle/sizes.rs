//! How large the files are, and how large they may be.

use std::{fmt::Write as _, io::Write as _};

use anyhow::{Result, ensure};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::plan::Budget;

/// One file, in bytes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Size {
    name: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Size {
    pub(crate) fn of(name: &str, content: &[u8]) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            raw: content.len(),
            gzip: gzip(content)?.len(),
            brotli: brotli(content)?.len(),
        })
    }
}

/// What a first page view loads.
#[derive(Debug)]
pub(crate) struct Sizes {
    pub(crate) stub: Size,
    pub(crate) loader: Size,
    pub(crate) module: Size,
    pub(crate) wasm: Size,
}

impl Sizes {
    fn all(&self) -> [&Size; 4] {
        [&self.stub, &self.loader, &self.module, &self.wasm]
    }

    fn page(&self) -> Size {
        let sum = |part: fn(&Size) -> usize| self.all().into_iter().map(part).sum();
        Size {
            name: "page".to_owned(),
            raw: sum(|size| size.raw),
            gzip: sum(|size| size.gzip),
            brotli: sum(|size| size.brotli),
        }
    }

    /// The table that every build prints.
    pub(crate) fn table(&self, budget: &Budget) -> String {
        let page = self.page();
        let rows = [
            (&self.stub, Some(budget.stub)),
            (&self.loader, Some(budget.loader)),
            (&self.module, None),
            (&self.wasm, None),
            (&page, Some(budget.page)),
        ];
        let mut table =
            format!("{:<26}{:>8}{:>8}{:>8}{:>8}", "file", "raw", "gzip", "brotli", "budget");
        for (Size { name, raw, gzip, brotli }, budget) in rows {
            let budget = budget.map_or_else(String::new, |budget| budget.to_string());
            // Writing to a string cannot fail.
            let _ = write!(table, "\n{name:<26}{raw:>8}{gzip:>8}{brotli:>8}{budget:>8}");
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

    #[test]
    fn every_exceeded_budget_is_named() {
        let size = |name: &str| Size { name: name.to_owned(), raw: 9, gzip: 8, brotli: 7 };
        let sizes = Sizes {
            stub: size("stub"),
            loader: size("loader.js"),
            module: size("m.js"),
            wasm: size("w.wasm"),
        };
        assert!(sizes.check(&Budget { stub: 7, loader: 7, page: 28 }).is_ok());
        let error = sizes.check(&Budget { stub: 6, loader: 7, page: 27 }).unwrap_err().to_string();
        assert!(
            error.contains("stub has 7 of 6") && error.contains("page has 28 of 27"),
            "{error}"
        );
        assert!(!error.contains("loader"), "{error}");
    }
}
