//! What this process has used of the machine. Where the system does not tell, nothing.

use std::fs;
use std::time::Duration;

/// Forgets the peak so far.
pub(crate) fn forget_peak() {
    // Where the kernel does not offer it, the peak is that of the whole run.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The peak in KiB; 0 where the system does not tell.
pub(crate) fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Processor time so far, of all threads.
pub(crate) fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, can hold spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on every Linux.
    Duration::from_millis(10 * ticks)
}
