//! A terminal of 80 columns for the command.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{TestCli, within};

/// How long anything that a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The command on a terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts the command with standard input, output and error on a new terminal.
    pub(crate) fn start(cli: &TestCli, args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let side = || File::options().read(true).write(true).open(&name).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_short"))
            .args(args)
            .env_clear()
            .envs(cli.variables())
            .env("TERM", "xterm")
            .current_dir(cli.home())
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let screen = follow(keyboard.try_clone().unwrap().into());
        Self { child, keyboard, screen, shown: Vec::new() }
    }

    /// Types something.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let started = Instant::now();
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            assert!(started.elapsed() < PATIENCE, "no '{text}' in {}", String::from_utf8_lossy(&self.shown));
            self.shown.extend(self.screen.recv_timeout(Duration::from_millis(50)).unwrap_or_default());
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end and answers the exit status and what was shown.
    pub(crate) fn end(mut self) -> (i32, String) {
        let status = within(PATIENCE, || self.child.try_wait().unwrap());
        // The other side is closed now: the rest is what was written before.
        while let Ok(part) = self.screen.recv_timeout(Duration::from_secs(5)) {
            self.shown.extend(part);
        }
        (status.code().unwrap_or(-1), String::from_utf8_lossy(&self.shown).replace("\r\n", "\n"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(screen: OwnedFd) -> Receiver<Vec<u8>> {
    let mut screen = File::from(screen);
    let (sender, parts) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        // Reading fails once nobody has the other side open.
        while let Ok(length @ 1..) = screen.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    parts
}
