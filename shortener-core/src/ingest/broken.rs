//! What is wrong with a file that is broken as a whole, and not in single lines.

use super::line::{FileEnd, FileReport, NoColumns, Rejection};

impl FileReport {
    /// What is wrong with the file as a whole, in words: it ends before its end, its columns are not those that counting
    /// needs, or nothing in it can be counted. None if at most single lines are damaged.
    pub fn broken(&self) -> Option<String> {
        if let FileEnd::Broken(reason) = self.end {
            return Some(self.broken_off(reason));
        }
        if self.rejected.contains_key(&Rejection::NoFields) {
            return Some(self.without_columns());
        }
        let is_all_rejected = self.lines == 0 && !self.rejected.is_empty();
        is_all_rejected.then(|| {
            let reason = |(reason, lines): (&Rejection, &u64)| format!("{lines} {}", reason.as_str().replace('_', " "));
            let reasons: Vec<_> = self.rejected.iter().map(reason).collect();
            format!("none of its lines can be counted ({})", reasons.join(", "))
        })
    }

    fn broken_off(&self, reason: Rejection) -> String {
        let what = match reason {
            Rejection::Truncated => "it is cut off",
            _ => "its compression is damaged, or it is no text",
        };
        match self.lines {
            0 => format!("{what}, and nothing before that can be counted"),
            1 => format!("{what} after 1 line, which is counted"),
            lines => format!("{what} after {lines} lines, which are counted"),
        }
    }

    fn without_columns(&self) -> String {
        match &self.no_columns {
            NoColumns::NoHeader => {
                "it has no #Fields header, and its lines are not those of a log without one".to_owned()
            }
            NoColumns::Unclear => "its #Fields header names a column twice, or too many".to_owned(),
            NoColumns::Missing(columns) => {
                let what = if columns.len() == 1 { "a column that is" } else { "columns that are" };
                format!("it lacks {what} needed: {}", columns.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_log;

    fn broken(text: &str) -> Option<String> {
        read_log(&mut text.as_bytes(), &mut |_| {}).unwrap().broken()
    }

    const ALL: &str = "date time x-edge-request-id cs-method cs-uri-stem sc-status c-country";
    const LINE: &str = "2026-11-26\t04:00:00\tid\tGET\t/a\t302\tFR\n";

    #[test]
    fn a_file_is_broken_by_its_end_its_columns_or_all_its_lines() {
        let with = |rest: &str| broken(&format!("#Fields: {ALL}\n{rest}"));
        assert_eq!(with(LINE), None);
        assert_eq!(with(&format!("{LINE}damaged\n")), None);
        assert_eq!(with(""), None, "nobody came");
        assert_eq!(with(&format!("{LINE}cut")).unwrap(), "it is cut off after 1 line, which is counted");
        assert_eq!(with("damaged\n").unwrap(), "none of its lines can be counted (1 malformed)");
        assert_eq!(with("cut").unwrap(), "it is cut off, and nothing before that can be counted");
        assert_eq!(
            broken("PAR1").unwrap(),
            "its compression is damaged, or it is no text, and nothing before that can be counted"
        );
        let headless = "it has no #Fields header, and its lines are not those of a log without one";
        assert_eq!(broken("damaged\n").unwrap(), headless);
        let twice = broken(&format!("#Fields: {ALL} time\n{LINE}")).unwrap();
        assert_eq!(twice, "its #Fields header names a column twice, or too many");
    }

    #[test]
    fn the_columns_that_are_missing_are_named() {
        let without = |names: &[&str]| {
            let fields: Vec<_> = ALL.split(' ').filter(|field| !names.contains(field)).collect();
            broken(&format!("#Fields: {}\n{LINE}", fields.join(" ")))
        };
        let unneeded = without(&["c-country"]).unwrap();
        assert_eq!(
            unneeded, "none of its lines can be counted (1 malformed)",
            "it is not needed, but the lines do not fit"
        );
        assert_eq!(without(&["cs-method"]).unwrap(), "it lacks a column that is needed: cs-method");
        let two = without(&["time", "sc-status"]).unwrap();
        assert_eq!(two, "it lacks columns that are needed: time, sc-status");
        let json =
            broken("{\"date\":\"2026-11-26\",\"time\":\"04:00:00\",\"cs-method\":\"GET\",\"sc-status\":\"302\"}\n");
        assert_eq!(json.unwrap(), "it lacks columns that are needed: x-edge-request-id, cs-uri-stem");
    }
}
