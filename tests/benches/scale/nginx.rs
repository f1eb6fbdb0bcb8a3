//! nginx, serving index files as it finds them in a folder, with its access log off and connections that
//! stay open: what a static file costs on this machine.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::load::Connection;

/// A running nginx, ended when it is dropped.
pub(crate) struct Nginx {
    process: Child,
    _folder: TempDir,
    /// `http://127.0.0.1:PORT`
    pub(crate) address: String,
}

impl Nginx {
    /// Starts one that serves what `registry` answers for `paths`; none where there is no nginx.
    pub(crate) fn start(registry: &str, paths: &[String]) -> Result<Option<Self>> {
        let version = Command::new("nginx")
            .arg("-v")
            .stderr(Stdio::null())
            .status();
        if !version.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        let mut connection = Connection::open(registry)?;
        for path in paths {
            let file = root.join("files").join(path.trim_start_matches('/'));
            fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
            connection.get(path)?;
            fs::write(file, connection.body())?;
        }
        // Free a moment ago: nginx takes no port that somebody else chooses for it.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let at = root.display();
        let settings = format!(
            "user root; daemon off; worker_processes auto; pid {at}/pid; error_log {at}/error.log;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
             default_type application/x-ndjson; etag on; open_file_cache max=100000;\n\
             client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;\n\
             uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; root {at}/files; }} }}\n"
        );
        let file = root.join("nginx.conf");
        fs::write(&file, settings)?;
        let mut process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()?;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.try_wait()?;
            let log = || fs::read_to_string(root.join("error.log")).unwrap_or_default();
            ensure!(ended.is_none(), "nginx ended: {}", log());
            std::thread::yield_now();
        }
        Ok(Some(Self {
            process,
            _folder: folder,
            address: format!("http://127.0.0.1:{port}"),
        }))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The signal that lets nginx end its workers; killed outright it would leave them behind.
        let id = self.process.id().to_string();
        let _ended = Command::new("kill").args(["-QUIT", &id]).status();
        let _waited = self.process.wait();
    }
}
