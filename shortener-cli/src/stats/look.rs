//! How statistics are drawn: the width there is, and the characters that the terminal knows.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::printable;

/// Width and characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// What bars are made of.
    pub(crate) glyphs: Glyphs,
    /// Whether there are bars.
    pub(crate) bars: Bars,
}

/// Whether bars are drawn beside numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bars {
    /// They are.
    Drawn,
    /// The numbers say it all.
    Omitted,
}

/// The characters that a terminal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Blocks in eighths, and letters of every script.
    Unicode,
    /// ASCII alone.
    Ascii,
}

const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

impl Look {
    /// Text of a stranger as this terminal can show it, without what could move the cursor or reorder the line.
    pub(crate) fn text(self, text: &str) -> String {
        let text = printable(text);
        match self.glyphs {
            Glyphs::Unicode => text,
            Glyphs::Ascii => text.chars().fold(String::new(), |mut shown, character| {
                if character.is_ascii() {
                    shown.push(character);
                } else {
                    shown.extend(character.escape_unicode());
                }
                shown
            }),
        }
    }

    /// One of two spellings: for every terminal with Unicode, and for the others.
    pub(crate) fn either<T>(self, unicode: T, ascii: T) -> T {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// The beginning of a text that is wider than the room for it.
    pub(crate) fn cut(self, text: &str, room: usize) -> String {
        if text.width() <= room {
            return text.to_owned();
        }
        let end = self.either("…", "...");
        let (mut shown, mut left) = (String::new(), room.saturating_sub(end.width()));
        for character in text.chars() {
            let width = character.width().unwrap_or(0);
            if width > left {
                break;
            }
            left -= width;
            shown.push(character);
        }
        shown + if room < end.width() { "" } else { end }
    }

    /// Parts in as many lines as they need, with a dot between those of a line.
    pub(crate) fn flow(self, parts: &[String]) -> Vec<String> {
        let dot = self.either(" · ", ", ");
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            match lines.last_mut() {
                Some(line) if line.width() + dot.width() + part.width() <= self.width => {
                    line.push_str(dot);
                    line.push_str(part);
                }
                _ => lines.push(part.clone()),
            }
        }
        lines.iter().flat_map(|line| self.fold(line)).collect()
    }

    /// A sentence in as many lines as it needs, broken between words.
    pub(crate) fn fold(self, sentence: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in sentence.split(' ') {
            match lines.last_mut() {
                Some(line) if line.width() + 1 + word.width() <= self.width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(self.cut(word, self.width)),
            }
        }
        lines
    }

    /// A bar of at most so many columns, as long as the value is of the peak. What is more than nothing is seen.
    pub(crate) fn bar(self, value: u64, peak: u64, columns: usize) -> String {
        if self.bars == Bars::Omitted || columns == 0 {
            return String::new();
        }
        let pieces = self.either(8, 1);
        let length = scaled(value, peak, columns * pieces).max(usize::from(value > 0));
        let whole = self.either('█', '#').to_string().repeat(length / pieces);
        let rest = length % pieces;
        if rest == 0 { whole } else { whole + EIGHTHS[rest - 1].encode_utf8(&mut [0; 4]) }
    }

    /// A line of columns, one for each value.
    pub(crate) fn sparkline(self, values: &[u64]) -> String {
        let levels = self.either(LEVELS, ASCII_LEVELS);
        let peak = values.iter().copied().max().unwrap_or(0);
        let top = levels.len() - 1;
        values.iter().map(|value| levels[scaled(*value, peak, top).max(usize::from(*value > 0))]).collect()
    }
}

/// The part of `columns` that the value is of the peak, to the nearest.
fn scaled(value: u64, peak: u64, columns: usize) -> usize {
    let columns = u128::try_from(columns).unwrap_or(0);
    let length = (u128::from(value) * columns * 2 + u128::from(peak)).checked_div(2 * u128::from(peak));
    usize::try_from(length.unwrap_or(0).min(columns)).unwrap_or(0)
}

/// The text with spaces behind it.
pub(crate) fn left(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(text.width()))
}

/// The text with spaces before it.
pub(crate) fn right(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width())) + text
}

/// A number in groups of three digits.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A part of a whole in percent, with one decimal.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 2000 + u128::from(whole)).checked_div(2 * u128::from(whole)).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: Look = Look { width: 20, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
    const ASCII: Look = Look { width: 20, glyphs: Glyphs::Ascii, bars: Bars::Drawn };

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bars = [0, 1, 50, 55, 100].map(|value| UNICODE.bar(value, 100, 10));
        assert_eq!(bars, ["", "▏", "█████", "█████▌", "██████████"]);
        assert_eq!([0, 1, 50, 100].map(|value| ASCII.bar(value, 100, 10)), ["", "#", "#####", "##########"]);
        assert_eq!(UNICODE.bar(u64::MAX, u64::MAX, 3), "███");
        assert_eq!(UNICODE.bar(0, 0, 3), "");
        assert_eq!((UNICODE.sparkline(&[0, 1, 50, 100]), ASCII.sparkline(&[0, 1, 100])), ("▁▂▅█".into(), "_.#".into()));
        assert_eq!(UNICODE.sparkline(&[0, 0]), "▁▁");
    }

    #[test]
    fn text_is_cut_to_columns_and_not_to_letters() {
        assert_eq!(UNICODE.cut("日本語のサイト", 8), "日本語…");
        assert_eq!(UNICODE.cut("日本語", 6), "日本語");
        assert_eq!(ASCII.cut("news.example.com", 8), "news....");
        assert_eq!(left("日本", 6) + "|", "日本  |");
        assert_eq!(UNICODE.cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn nothing_of_a_stranger_moves_the_cursor() {
        assert_eq!(UNICODE.text("\u{1b}[2Ja\u{202e}b\u{7}"), "\\u{1b}[2Ja\\u{202e}b\\u{7}");
        assert_eq!(ASCII.text("é"), "\\u{e9}");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, u64::MAX].map(number), ["0", "999", "1,000", "18,446,744,073,709,551,615"]);
        assert_eq!([percent(1, 3), percent(3, 3), percent(0, 0)], ["33.3", "100.0", "0.0"]);
    }
}
