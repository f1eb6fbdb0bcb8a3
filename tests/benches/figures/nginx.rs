//! nginx on a free port of the loopback, with a configuration of its own, ended when it is dropped.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take.
const START_TIME: Duration = Duration::from_secs(10);

/// A running nginx.
pub(crate) struct Nginx {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Nginx {
    /// Serves the files below `root`; none where nginx is not installed. Like the registry it writes one line to a
    /// file for each request.
    pub(crate) fn start(root: &Path) -> Option<Nginx> {
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let (root, here) = (root.display(), root.parent()?);
        // Workers of a root's nginx would become somebody who cannot look into a temporary folder.
        let user = if here
            .metadata()
            .is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
        {
            "user root root;"
        } else {
            ""
        };
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};", here.display()))
            .join(" ");
        let configuration = format!(
            "{user} worker_processes auto; daemon off; pid {here}/nginx.pid; error_log {here}/nginx.log;
             events {{ worker_connections 512; }}
             http {{
               access_log {here}/access.log; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=1000;
               {temporary}
               server {{ listen 127.0.0.1:{port}; root {root}; }}
             }}",
            here = here.display()
        );
        let file = here.join("nginx.conf");
        std::fs::write(&file, configuration).ok()?;
        let mut process = Command::new("nginx")
            .args(["-e", "stderr", "-c"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = process.try_wait().is_ok_and(|status| status.is_some());
            if ended || started.elapsed() > START_TIME {
                return None;
            }
            std::thread::yield_now();
        }
        Some(Nginx { process, address })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Told to end, it ends its workers too; killed, it would leave them.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
    }
}
