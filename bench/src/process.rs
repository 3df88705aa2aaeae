//! Processes under measurement: pinned to a core, and what they have used of it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the servers.
pub(crate) const SERVER_CORE: &str = "0";

/// The core of whatever puts load on them.
pub(crate) const LOAD_CORE: &str = "1";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Puts the calling thread on one core, and with it whatever it starts.
pub(crate) fn pin(core: &str) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core.parse()?);
    Ok(sched_setaffinity(None, &cores)?)
}

/// Starts a command on the servers' core without `taskset`, which would be part of the start: a process inherits the core of the
/// thread that starts it. That thread is on the core of the load afterwards. Returns the moment of the start as well.
pub(crate) fn start_on_server_core(command: &mut Command) -> anyhow::Result<(Child, Instant)> {
    pin(SERVER_CORE)?;
    let begin = Instant::now();
    let started = command.spawn();
    pin(LOAD_CORE)?;
    Ok((started.with_context(|| format!("{command:?} does not start"))?, begin))
}

/// Measures on a thread of its own, which is put on a core: that ends with the thread.
pub(crate) fn apart(measure: impl FnOnce() -> anyhow::Result<()> + Send) -> anyhow::Result<()> {
    std::thread::scope(|scope| scope.spawn(measure).join()).map_err(|_| anyhow!("a measurement panicked"))?
}

/// A command with no settings but those that are given, that runs on one core.
pub(crate) fn pinned(core: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = plain("taskset");
    command.args(["-c", core]).arg(program);
    command
}

/// A command with no settings but those that are given.
pub(crate) fn plain(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for name in ["SHORT_API_URL", "SHORT_API_KEY", "SHORT_TABLE", "SHORT_FILE", "SHORT_PROFILE", "SHORT_BASE_URL"] {
        command.env_remove(name);
    }
    command
}

/// A server, ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Server {
    /// Starts a server on the servers' core, and waits until it accepts connections at `address`. What it prints on standard
    /// error goes to `log`.
    pub(crate) fn start(mut command: Command, address: SocketAddr, log: &Path) -> anyhow::Result<Self> {
        let mut server = Self(command.stderr(std::fs::File::create(log)?).spawn().context("a server does not start")?);
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.0.try_wait()? {
                bail!("a server ended at once, {status}: {}", std::fs::read_to_string(log)?);
            }
            ensure!(begin.elapsed() < PATIENCE, "a server does not listen on {address}");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// Waits until a text is in a log, and returns all of it.
    pub(crate) fn wait_for(text: &str, log: &Path) -> anyhow::Result<String> {
        let begin = Instant::now();
        loop {
            let told = std::fs::read_to_string(log)?;
            if told.contains(text) {
                return Ok(told);
            }
            ensure!(begin.elapsed() < PATIENCE, "a server does not say '{text}': {told}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts a server that prints its URL in its first line, and returns both.
    pub(crate) fn announced(mut command: Command) -> anyhow::Result<(Self, String)> {
        let mut server = Self(command.stdout(Stdio::piped()).spawn().context("a server does not start")?);
        let output = server.0.stdout.take().context("a server has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        ensure!(!url.is_empty(), "a server ended before it said where it listens");
        Ok((server, url.trim().to_owned()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

/// A process that is stopped where it is, until this is dropped.
#[derive(Debug)]
pub(crate) struct Stopped(Pid);

impl Stopped {
    /// Stops a process, so that it takes nothing of the core while others are measured.
    pub(crate) fn process(pid: u32) -> anyhow::Result<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("this is no process")?;
        kill_process(pid, Signal::STOP)?;
        Ok(Self(pid))
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // One that has ended meanwhile cannot go on.
        let _ = kill_process(self.0, Signal::CONT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A free address of the loopback interface.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs a command to its end, and returns what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?} does not start"))?;
    ensure!(done.status.success(), "{command:?}: {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8(done.stdout)?)
}

/// What a whole process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) time: Duration,
    /// Most resident memory, in bytes.
    pub(crate) peak: u64,
}

/// Runs a command to its end, and looks at its memory all the while.
pub(crate) fn watch(command: &mut Command) -> anyhow::Result<Took> {
    let begin = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            let time = begin.elapsed();
            let mut told = String::new();
            child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut told)).transpose()?;
            ensure!(status.success(), "{command:?}: {status}: {told}");
            return Ok(Took { time, peak });
        }
        // It may have ended just now: then the last look counts.
        peak = Usage::of(child.id()).map_or(peak, |usage| usage.peak.max(peak));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in the kernel and outside.
    pub(crate) processor: Duration,
    /// Resident memory, in bytes.
    pub(crate) resident: u64,
    /// The most there ever was of it, in bytes.
    pub(crate) peak: u64,
}

impl Usage {
    /// Of a process by its id.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let process = procfs::process::Process::new(i32::try_from(pid)?)?;
        let (stat, status) = (process.stat()?, process.status()?);
        let ticks = (stat.utime + stat.stime) * 1_000_000_000 / procfs::ticks_per_second();
        let bytes = |kib: Option<u64>| kib.unwrap_or_default() * 1024;
        Ok(Self { processor: Duration::from_nanos(ticks), resident: bytes(status.vmrss), peak: bytes(status.vmhwm) })
    }
}
