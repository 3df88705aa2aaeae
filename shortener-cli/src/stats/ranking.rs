//! The most clicked links on a terminal.

use shortener_core::wire::{Top, TopLink};
use unicode_width::UnicodeWidthStr;

use super::look::{Look, left, number, right};

/// Narrowest terminal on which a bar leaves room for targets.
const WITH_BARS: usize = 60;
/// Fewest columns in which a target says something.
const TARGET: usize = 12;
/// Widest code that is shown whole.
const CODE: usize = 24;

/// The code, with its domain if that is not the default one.
pub(crate) fn name_of(link: &TopLink) -> String {
    if link.domain.is_default() { link.code.to_string() } else { format!("{}/{}", link.domain, link.code) }
}

/// The ranking as a page.
pub(crate) fn ranking(top: &Top, look: Look) -> String {
    let names: Vec<String> = top.links.iter().map(|link| look.cut(&look.text(&name_of(link)), CODE)).collect();
    let clicks: Vec<String> = top.links.iter().map(|link| number(link.clicks)).collect();
    let widest = |cells: &[String], title: &str| cells.iter().map(|cell| cell.width()).chain([title.len()]).max();
    let rank_width = top.links.len().to_string().len().max(1);
    let code_width = widest(&names, "CODE").unwrap_or(0);
    let clicks_width = widest(&clicks, "CLICKS").unwrap_or(0);
    let left_over = look.width.saturating_sub(1 + rank_width + 2 + code_width + 2 + clicks_width + 2);
    let bar_width = if look.width < WITH_BARS { 0 } else { (left_over / 3).min(40) };
    let gap = if bar_width == 0 { 0 } else { 2 };
    let target_width = Some(left_over.saturating_sub(bar_width + gap)).filter(|width| *width >= TARGET).unwrap_or(0);
    let peak = top.links.iter().map(|link| link.clicks).max().unwrap_or(0);
    let line = |rank: &str, code: &str, clicks: &str, bar: &str, target: &str| {
        let front = format!(" {}  {}", right(rank, rank_width), left(code, code_width));
        let bar = left(bar, bar_width + gap);
        format!("{front}  {}  {bar}{}", right(clicks, clicks_width), look.cut(target, target_width))
    };
    let mut page = line("", "CODE", "CLICKS", "", "TARGET").trim_end().to_owned() + "\n";
    for (index, link) in top.links.iter().enumerate() {
        let bar = look.bar(link.clicks, peak, bar_width);
        let target = look.text(link.target.as_str());
        let line = line(&(index + 1).to_string(), &names[index], &clicks[index], &bar, &target);
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}
