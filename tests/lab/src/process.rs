//! Servers as child processes that cannot outlive the lab.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait::{Probe, poll};

/// A shell and a pipe instead of `PR_SET_PDEATHSIG`: that signal needs unsafe code, and comes already when the *thread*
/// that spawned the child ends, which a worker thread of an async runtime may do at any time.
const SUPERVISOR: &str = include_str!("supervise.sh");
/// How much of a log an error quotes.
const TAIL_LINES: usize = 15;
/// A killed process is gone at once, unless the machine is very busy.
const KILL_LIMIT: Duration = Duration::from_secs(20);

/// Where programs look for proxies.
pub(crate) const PROXY_VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// What to run.
#[derive(Clone)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl Program {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args<A: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// `--name=value`, for values that are paths.
    pub(crate) fn flag(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut argument = OsString::from(format!("--{name}="));
        argument.push(value);
        self.arg(argument)
    }

    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Without the user's proxies, which would only be in the way: all that servers talk to is on this machine.
    pub(crate) fn unproxied(self) -> Self {
        PROXY_VARIABLES
            .into_iter()
            .fold(self, |program, name| program.env(name, ""))
    }
}

/// One running child, alone in its process group with its supervisor.
pub(crate) struct Process {
    name: String,
    supervisor: Child,
    /// Closing this end of the pipe kills the group; so does our death.
    _lifeline: ChildStdin,
    server: Pid,
    log: PathBuf,
}

impl Process {
    pub(crate) fn spawn(name: &str, program: &Program, log: &Path) -> Result<Self> {
        let mut supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "supervise"])
            .arg(log)
            .arg(&program.path)
            .args(&program.arguments)
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting the supervisor of {name}"))?;
        let (Some(lifeline), Some(output)) = (supervisor.stdin.take(), supervisor.stdout.take())
        else {
            bail!("the supervisor of {name} has no pipes");
        };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let server = line.trim().parse().ok().and_then(Pid::from_raw);
        let server = server.ok_or_else(|| anyhow!("the supervisor of {name} did not start it"))?;
        Ok(Self {
            name: name.to_owned(),
            supervisor,
            _lifeline: lifeline,
            server,
            log: log.to_owned(),
        })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.server
    }

    /// How it ended, if it did. A signal shows as 128 plus its number, as in a shell.
    pub(crate) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.supervisor
            .try_wait()
            .with_context(|| format!("asking for the end of {}", self.name))
    }

    /// Sends `signal` to the server alone.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        // The supervisor ends with its server; until then the id cannot have been given to another process.
        if self.exited()?.is_none() {
            kill_process(self.server, signal)
                .with_context(|| format!("signalling {}", self.name))?;
        }
        Ok(())
    }

    /// Waits for it to end by itself or by an earlier signal.
    pub(crate) async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        poll(&what, limit, || {
            let exited = self.exited();
            async move { Ok(exited?.map_or(Probe::NotYet(None), Probe::Done)) }
        })
        .await
    }

    /// Asks it to end by `signal`, and after `grace` kills it.
    pub(crate) async fn stop(mut self, signal: Signal, grace: Duration) -> Result<()> {
        self.signal(signal)?;
        if self.wait(grace).await.is_err() {
            self.signal(Signal::KILL)?;
            self.wait(KILL_LIMIT).await?;
        }
        Ok(())
    }

    /// Why it ended, with the end of its log, if it did.
    pub(crate) fn obituary(&mut self) -> Result<Option<anyhow::Error>> {
        let Some(status) = self.exited()? else {
            return Ok(None);
        };
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        Ok(Some(anyhow!(
            "{} ended with {status}; the end of {}:\n{tail}",
            self.name,
            self.log.display()
        )))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The supervisor leads the group and is not reaped yet, or all of the group ended: no foreign group is hit.
        if let Ok(None) = self.supervisor.try_wait() {
            if let Some(group) = i32::try_from(self.supervisor.id())
                .ok()
                .and_then(Pid::from_raw)
            {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = self.supervisor.wait();
        }
    }
}

/// A server that can be stopped and started again with the same command and data.
pub(crate) struct Server {
    name: &'static str,
    program: Program,
    log: PathBuf,
    stop_signal: Signal,
    grace: Duration,
    running: Mutex<Option<Process>>,
}

impl Server {
    /// `grace` is how long a stop waits after the signal before it kills.
    pub(crate) fn new(name: &'static str, program: Program, log: PathBuf, grace: Duration) -> Self {
        Self {
            name,
            program: program.unproxied(),
            log,
            stop_signal: Signal::TERM,
            grace,
            running: Mutex::new(None),
        }
    }

    /// For servers to which SIGTERM means something else than to stop soon.
    pub(crate) fn stopped_by(self, stop_signal: Signal) -> Self {
        Self {
            stop_signal,
            ..self
        }
    }

    /// Starts it unless it runs.
    pub(crate) fn start(&self) -> Result<()> {
        let mut running = self.lock();
        if running.is_none() {
            *running = Some(Process::spawn(self.name, &self.program, &self.log)?);
        }
        Ok(())
    }

    /// Stops it if it runs.
    pub(crate) async fn stop(&self) -> Result<()> {
        let process = self.lock().take();
        match process {
            Some(process) => process.stop(self.stop_signal, self.grace).await,
            None => Ok(()),
        }
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Polls `probe` until it yields a value; the end of the server ends the waiting.
    pub(crate) async fn ready<T, F, Fut>(&self, limit: Duration, mut probe: F) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<Option<T>>>,
    {
        poll(&format!("{} to be ready", self.name), limit, || {
            let alive = self.assert_running();
            let attempt = probe();
            async move {
                alive?;
                Ok(match attempt.await {
                    Ok(Some(value)) => Probe::Done(value),
                    Ok(None) => Probe::NotYet(None),
                    Err(error) => Probe::NotYet(Some(format!("{error:#}"))),
                })
            }
        })
        .await
        .with_context(|| format!("see {}", self.log.display()))
    }

    fn assert_running(&self) -> Result<()> {
        match self.lock().as_mut() {
            Some(process) => process.obituary()?.map_or(Ok(()), Err),
            None => bail!("{} is stopped", self.name),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        // The option inside is whole at any time, so a panic elsewhere does not matter.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Processor time, user and system.
    pub cpu: Duration,
    /// Resident memory now, in bytes.
    pub resident: u64,
    /// The most resident memory so far, in bytes.
    pub peak_resident: u64,
}

impl Usage {
    pub(crate) fn of(pid: Pid) -> Result<Self> {
        let folder = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
        let read = |name: &str| {
            fs::read_to_string(folder.join(name))
                .with_context(|| format!("reading {name} of {pid:?}"))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        let kilobytes = |field: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
            let number =
                line.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
            number
                .map(|kilobytes| kilobytes * 1024)
                .ok_or_else(|| anyhow!("no {field} in the status of {pid:?}"))
        };
        Ok(Self {
            cpu: cpu_time(&stat)?,
            resident: kilobytes("VmRSS")?,
            peak_resident: kilobytes("VmHWM")?,
        })
    }
}

fn cpu_time(stat: &str) -> Result<Duration> {
    // The second field is the program's name in parentheses and may hold spaces; `utime` is the twelfth after it.
    let (_, fields) = stat.rsplit_once(')').context("malformed stat")?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(
        ticks * 1000 / rustix::param::clock_ticks_per_second(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Process, PathBuf) {
        let log = std::env::temp_dir().join(format!(
            "secretwire-lab-process-{}",
            crate::hex::random(6).unwrap()
        ));
        let program = Program::new("/bin/sh").args(["-c", script]);
        (Process::spawn("test", &program, &log).unwrap(), log)
    }

    #[tokio::test]
    async fn the_exit_code_and_the_output_are_those_of_the_server() {
        let (mut process, log) = shell("echo out; echo err >&2; exit 7");
        assert_eq!(
            process.wait(Duration::from_secs(10)).await.unwrap().code(),
            Some(7)
        );
        assert_eq!(fs::read_to_string(&log).unwrap(), "out\nerr\n");
        let obituary = process.obituary().unwrap().unwrap().to_string();
        assert!(
            obituary.contains("exit status: 7") && obituary.contains("err"),
            "{obituary}"
        );
        fs::remove_file(log).unwrap();
    }

    #[tokio::test]
    async fn a_server_that_ignores_the_polite_signal_is_killed_after_the_grace() {
        let (mut process, log) = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
        let pid = process.pid();
        poll("the trap", Duration::from_secs(10), async || {
            let ready = fs::read_to_string(&log).is_ok_and(|text| text.contains("ready"));
            Ok(if ready {
                Probe::Done(())
            } else {
                Probe::NotYet(None)
            })
        })
        .await
        .unwrap();
        assert!(process.exited().unwrap().is_none());
        process
            .stop(Signal::TERM, Duration::from_millis(100))
            .await
            .unwrap();
        assert!(rustix::process::test_kill_process(pid).is_err());
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn dropping_a_process_takes_its_children_along() {
        let (process, log) = shell("sleep 1000 & echo $!; wait");
        let child = loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if let Some((pid, _)) = text.split_once('\n') {
                break Pid::from_raw(pid.parse().unwrap()).unwrap();
            }
            std::thread::yield_now();
        };
        drop(process);
        // The orphan is a zombie until its new parent reaps it, and a zombie has no command line.
        let alive = || {
            fs::read(format!("/proc/{}/cmdline", child.as_raw_nonzero()))
                .is_ok_and(|line| !line.is_empty())
        };
        let start = std::time::Instant::now();
        while alive() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "the child survived"
            );
            std::thread::yield_now();
        }
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn usage_of_this_process_is_plausible() {
        let usage = Usage::of(rustix::process::getpid()).unwrap();
        assert!(usage.resident > 0 && usage.peak_resident >= usage.resident / 2);
    }

    #[test]
    fn processor_time_is_found_after_a_name_with_spaces() {
        let ticks = rustix::param::clock_ticks_per_second();
        let stat = format!("1 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 {ticks} {ticks} 0 0 20 0");
        assert_eq!(cpu_time(&stat).unwrap(), Duration::from_secs(2));
    }
}
