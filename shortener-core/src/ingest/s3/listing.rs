//! Finds the files of some hours without going through all of a bucket.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_s3::types::Object as Listed;
use jiff::civil::Date;

use super::S3Logs;
use super::error::{Object, meaning};
use crate::ingest::left_alone::LeftAlone;
use crate::ingest::source::{LogFile, SourceError};
use crate::stats::Hour;

/// From how many hours of a day on its folder is listed as a whole.
const MANY_HOURS: usize = 8;

/// Over how many days folders are listed one by one.
const MOST_DAYS: usize = 400;

/// A page of a listing.
struct Page {
    files: Vec<LogFile>,
    left_alone: LeftAlone,
    /// The last key, if there are more.
    last: Option<String>,
}

impl S3Logs {
    /// All files below the prefix, and what is none of them.
    pub(super) async fn list_all(&self) -> Result<(Vec<LogFile>, LeftAlone), SourceError> {
        self.list_below(self.place.folder()).await
    }

    /// The files of some hours, in either layout.
    pub(super) async fn list_hours(&self, hours: &RangeInclusive<Hour>) -> Result<Vec<LogFile>, SourceError> {
        let mut files = self.list_beside(hours).await?;
        match folders(hours) {
            Some(folders) => {
                for folder in folders {
                    files.extend(self.list_below(&format!("{}{folder}/", self.place.folder())).await?.0);
                }
            }
            None => files = self.list_all().await?.0,
        }
        files.retain(|file| hours.contains(&file.hour));
        Ok(files)
    }

    async fn list_below(&self, prefix: &str) -> Result<(Vec<LogFile>, LeftAlone), SourceError> {
        let (mut files, mut left_alone) = (Vec::new(), LeftAlone::default());
        let mut after = None;
        loop {
            let page = self.page(prefix, None, after).await?;
            files.extend(page.files);
            left_alone.extend(page.left_alone);
            after = page.last;
            if after.is_none() {
                return Ok((files, left_alone));
            }
        }
    }

    /// The files of some hours that are in the prefix itself. Their names are sorted by distribution and hour, so that the
    /// listing goes on at the first that can be meant.
    async fn list_beside(&self, hours: &RangeInclusive<Hour>) -> Result<Vec<LogFile>, SourceError> {
        let mut files = Vec::new();
        let mut after = None;
        loop {
            let page = self.page(self.place.folder(), Some("/"), after).await?;
            after = page.last.map(|last| self.skip(&last, page.files.last(), hours));
            files.extend(page.files.into_iter().filter(|file| hours.contains(&file.hour)));
            if after.is_none() {
                return Ok(files);
            }
        }
    }

    /// The key after which to go on.
    fn skip(&self, last: &str, file: Option<&LogFile>, hours: &RangeInclusive<Hour>) -> String {
        let folder = self.place.folder();
        let next = match file {
            // The slash comes right after the dot.
            Some(file) if file.hour > *hours.end() => format!("{folder}{}/", file.distribution),
            Some(file) if file.hour < *hours.start() => {
                let hour = hours.start().to_string().replace('T', "-");
                format!("{folder}{}.{hour}", file.distribution)
            }
            _ => String::new(),
        };
        next.max(last.to_owned())
    }

    async fn page(&self, prefix: &str, delimiter: Option<&str>, after: Option<String>) -> Result<Page, SourceError> {
        let object = Object { bucket: self.place.bucket(), key: prefix };
        let request = self.client.list_objects_v2().bucket(object.bucket).prefix(prefix);
        let request = request.set_delimiter(delimiter.map(str::to_owned)).set_start_after(after);
        let answer = request.send().await.map_err(|error| meaning(object, &error))?;
        let keys = answer.contents().iter().filter_map(Listed::key);
        let folders = answer.common_prefixes().iter().filter_map(|folder| folder.prefix());
        let last = keys.chain(folders).max().map(str::to_owned).filter(|_| answer.is_truncated() == Some(true));
        let (mut files, mut left_alone) = (Vec::new(), LeftAlone::default());
        for listed in answer.contents() {
            match log_file(listed) {
                Some(file) => files.push(file),
                None if is_folder(listed) => {}
                None => left_alone.add(|| format!("s3://{}/{}", object.bucket, listed.key().unwrap_or_default())),
            }
        }
        Ok(Page { files, left_alone, last })
    }
}

/// Whether an object stands for a folder, as the console makes them.
fn is_folder(listed: &Listed) -> bool {
    listed.key().is_some_and(|key| key.ends_with('/'))
}

/// A listed object, if its name is that of a log: AWS leaves others too, to see whether it may write.
fn log_file(listed: &Listed) -> Option<LogFile> {
    let key = listed.key()?;
    let name = key.rsplit('/').next()?;
    let (distribution, hour) = LogFile::parse_name(name)?;
    Some(LogFile {
        name: name.to_owned(),
        hour,
        distribution: distribution.to_owned(),
        location: key.to_owned(),
        bytes: listed.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        tag: listed.e_tag().unwrap_or_default().to_owned(),
    })
}

/// The folders of some hours: of whole days where that is fewer requests. None if they are too many.
fn folders(hours: &RangeInclusive<Hour>) -> Option<Vec<String>> {
    let mut days: BTreeMap<Date, Vec<u8>> = BTreeMap::new();
    let mut hour = *hours.start();
    while hour <= *hours.end() {
        days.entry(hour.date()).or_default().push(hour.of_day());
        if days.len() > MOST_DAYS {
            return None;
        }
        hour = hour.plus(1);
    }
    let folders = days.into_iter().flat_map(|(day, hours)| {
        let day = day.strftime("%Y/%m/%d").to_string();
        match hours.len() {
            MANY_HOURS.. => vec![day],
            _ => hours.iter().map(|hour| format!("{day}/{hour:02}")).collect(),
        }
    });
    Some(folders.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_hours_are_few() {
        let hours = |first, last| Hour::parse(first).unwrap()..=Hour::parse(last).unwrap();
        let few = folders(&hours("2026-11-25-23", "2026-11-26-01")).unwrap();
        assert_eq!(few, ["2026/11/25/23", "2026/11/26/00", "2026/11/26/01"]);
        let many = folders(&hours("2026-12-30-22", "2027-01-01-00")).unwrap();
        assert_eq!(many, ["2026/12/30/22", "2026/12/30/23", "2026/12/31", "2027/01/01/00"]);
        assert_eq!(folders(&hours("2020-01-01-00", "2026-01-01-00")), None);
        assert_eq!(folders(&hours("2026-01-01-01", "2026-01-01-00")), Some(Vec::new()));
    }
}
