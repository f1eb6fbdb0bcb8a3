//! The strict streaming reader: whatever it does not know is refused, and nothing is kept in memory
//! but the component, `skill.json` and `SKILL.md`.

use std::io::{self, Read};

use super::error::{EntryFault, ReadError};
use super::gunzip::Gunzip;
use super::header::{BLOCK, Header, Kind};
use super::seen::{Seen, Stop};
use super::{EntryInfo, Package, Sink, skill_md};
use crate::component::{check_imports, decode};
use crate::digest::Measured;
use crate::limits::{
    COMPONENT_BYTES_MAX, SKILL_JSON_BYTES_MAX, SKILL_MD_BYTES_MAX, UNPACKED_BYTES_MAX,
};
use crate::skill_json::SkillJson;

/// Reads a package from its tarball, giving each file to the sink as it comes.
///
/// Files arrive before the package is known to be good: a sink keeps them where nobody looks until
/// this returns `Ok`. What a signed note says of the package is for the caller to compare.
pub fn read(reader: impl Read, sink: &mut dyn Sink) -> Result<Package, ReadError> {
    let mut walk = Walk {
        stream: Gunzip::new(reader),
        sink,
        seen: Seen::default(),
        kept: Kept::default(),
    };
    let mut entries = Vec::new();
    let mut block = [0; BLOCK];
    loop {
        walk.block(&mut block)?;
        if block.iter().all(|b| *b == 0) {
            break;
        }
        let shown = Header::shown_path(&block);
        let entry = walk.entry(&block).map_err(|stop| stop.at(shown))?;
        entries.extend(entry);
    }
    walk.end()?;
    let Walk {
        stream, seen, kept, ..
    } = walk;
    let (tarball, content) = stream.measure();
    kept.into_package(seen.into_root(), entries, tarball, content)
}

struct Walk<'a, R> {
    stream: Gunzip<R>,
    sink: &'a mut dyn Sink,
    seen: Seen,
    kept: Kept,
}

impl<R: Read> Walk<'_, R> {
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<(), ReadError> {
        if self.stream.fill(block)? == BLOCK {
            Ok(())
        } else {
            Err(ReadError::End)
        }
    }

    /// The second block of zeros, and nothing more.
    fn end(&mut self) -> Result<(), ReadError> {
        let mut rest = [0; BLOCK + 1];
        match self.stream.fill(&mut rest)? {
            BLOCK if rest.iter().all(|b| *b == 0) => Ok(()),
            _ => Err(ReadError::End),
        }
    }

    fn entry(&mut self, block: &[u8; BLOCK]) -> Result<Option<EntryInfo>, Stop> {
        let header = Header::parse(block)?;
        let relative = self.seen.relative(&header)?;
        let folders = self.seen.add(&relative, header.kind)?;
        for path in folders {
            self.sink
                .folder(&path)
                .map_err(|source| Stop::Error(ReadError::Sink { path, source }))?;
        }
        let Kind::File { executable } = header.kind else {
            return Ok(None);
        };
        let info = EntryInfo {
            path: relative,
            size: header.size,
            executable,
        };
        if let Some((kept, bytes_max)) = self.kept.place(&info.path) {
            if info.size > bytes_max {
                return Err(EntryFault::TooLarge(bytes_max).into());
            }
            let bytes = self.stream.read_whole(info.size).map_err(Stop::Error)?;
            let kept = kept.insert(bytes);
            self.sink
                .file(&info.path, info.size, executable, &mut kept.as_slice())
                .map_err(|source| {
                    Stop::Error(ReadError::Sink {
                        path: info.path.clone(),
                        source,
                    })
                })?;
        } else {
            if info.size > UNPACKED_BYTES_MAX {
                return Err(EntryFault::TooLarge(UNPACKED_BYTES_MAX).into());
            }
            self.pass_on(&info).map_err(Stop::Error)?;
        }
        self.padding(info.size)?;
        Ok(Some(info))
    }

    /// Gives a file to the sink, and reads to its end whether the sink does or not.
    fn pass_on(&mut self, info: &EntryInfo) -> Result<(), ReadError> {
        let mut body = Body {
            stream: &mut self.stream,
            left: info.size,
            fault: None,
        };
        let stored = self
            .sink
            .file(&info.path, info.size, info.executable, &mut body);
        if stored.is_ok() {
            // Where this fails, the fault is kept in the body.
            let _ = io::copy(&mut body, &mut io::sink());
        }
        if let Some(fault) = body.fault {
            return Err(fault);
        }
        stored.map_err(|source| ReadError::Sink {
            path: info.path.clone(),
            source,
        })
    }

    fn padding(&mut self, size: u64) -> Result<(), Stop> {
        let mut padding = [0; BLOCK];
        let padding = &mut padding[..(size.next_multiple_of(BLOCK as u64) - size) as usize];
        if self.stream.fill(padding).map_err(Stop::Error)? < padding.len() {
            return Err(Stop::Error(ReadError::End));
        }
        if padding.iter().any(|b| *b != 0) {
            Err(EntryFault::Padding.into())
        } else {
            Ok(())
        }
    }
}

impl<R: Read> Gunzip<R> {
    /// Reads a file whose size has been held against its limit.
    fn read_whole(&mut self, size: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        while (bytes.len() as u64) < size {
            let wanted = (size - bytes.len() as u64).min(chunk.len() as u64) as usize;
            if self.fill(&mut chunk[..wanted])? < wanted {
                return Err(ReadError::End);
            }
            bytes.extend_from_slice(&chunk[..wanted]);
        }
        Ok(bytes)
    }
}

/// The contents of one file, as the sink reads them.
struct Body<'a, R> {
    stream: &'a mut Gunzip<R>,
    left: u64,
    fault: Option<ReadError>,
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let fault = match self.stream.inflate_some(&mut buffer[..wanted]) {
            Ok(0) => ReadError::End,
            Ok(n) => {
                self.left -= n as u64;
                return Ok(n);
            }
            Err(fault) => fault,
        };
        let error = io::Error::new(io::ErrorKind::InvalidData, fault.to_string());
        self.fault.get_or_insert(fault);
        Err(error)
    }
}

/// The three files that are looked into.
#[derive(Default)]
struct Kept {
    skill_json: Option<Vec<u8>>,
    component: Option<Vec<u8>>,
    skill_md: Option<Vec<u8>>,
}

impl Kept {
    /// Where a file is kept, and how large it may be; nothing for one that is passed on.
    fn place(&mut self, relative: &str) -> Option<(&mut Option<Vec<u8>>, u64)> {
        match relative {
            "skill.json" => Some((&mut self.skill_json, SKILL_JSON_BYTES_MAX)),
            "skill.wasm" => Some((&mut self.component, COMPONENT_BYTES_MAX)),
            "SKILL.md" => Some((&mut self.skill_md, SKILL_MD_BYTES_MAX)),
            _ => None,
        }
    }

    fn into_package(
        self,
        root: String,
        entries: Vec<EntryInfo>,
        tarball: Measured,
        content: Measured,
    ) -> Result<Package, ReadError> {
        let manifest_bytes = self.skill_json.ok_or(ReadError::Missing("skill.json"))?;
        let component_bytes = self.component.ok_or(ReadError::Missing("skill.wasm"))?;
        let skill_md = self.skill_md.ok_or(ReadError::Missing("SKILL.md"))?;

        let skill = SkillJson::parse(&manifest_bytes).map_err(ReadError::SkillJson)?;
        let expected = super::root(&skill.manifest);
        if root != expected {
            return Err(ReadError::Root {
                expected,
                actual: root,
            });
        }
        let info = decode(&component_bytes).map_err(ReadError::Component)?;
        skill.check_component(&info).map_err(ReadError::SkillJson)?;
        check_imports(&info.imports, &skill.manifest.permissions).map_err(ReadError::Component)?;
        skill_md::check(&skill_md, skill.manifest.name.name()).map_err(ReadError::SkillMd)?;

        Ok(Package {
            manifest: Measured::of(&manifest_bytes),
            component: Measured::of(&component_bytes),
            skill,
            manifest_bytes,
            component_bytes,
            info,
            tarball,
            content,
            entries,
        })
    }
}
