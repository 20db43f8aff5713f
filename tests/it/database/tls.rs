//! TLS to the database, as `sslmode` and `sslrootcert` of `DATABASE_URL` ask for it.

use crate::support::db::TestDb;
use crate::support::process;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// First message of a client that wants TLS (the `SSLRequest` of PostgreSQL's protocol).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// An authority that signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate as a file.
    fn file(&self, folder: &Path, name: &str) -> PathBuf {
        let file = folder.join(name);
        std::fs::write(&file, self.0.pem()).unwrap();
        file
    }

    /// Certificate and key of a server of that name.
    fn server(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config.with_no_client_auth();
        let config = config
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A PostgreSQL that speaks TLS only: the tests' server behind a listener of its own.
struct Front {
    port: u16,
    _serving: AbortOnDropHandle<()>,
}

impl Front {
    async fn of(db: &TestDb, tls: TlsAcceptor) -> Self {
        let behind = PgConnectOptions::from_str(&db.url()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, behind) = (tls.clone(), behind.clone());
                // Whatever goes wrong in between is for the client to tell.
                tokio::spawn(async move { serve(stream, tls, &behind).await });
            }
        });
        Self {
            port,
            _serving: AbortOnDropHandle::new(serving),
        }
    }
}

async fn serve(mut stream: TcpStream, tls: TlsAcceptor, behind: &PgConnectOptions) -> std::io::Result<()> {
    let mut request = [0; 8];
    stream.read_exact(&mut request).await?;
    if request != SSL_REQUEST {
        // Closed: nothing is said in the open.
        return Ok(());
    }
    stream.write_all(b"S").await?;
    let mut stream = tls.accept(stream).await?;
    let mut server = connect(behind).await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn connect(to: &PgConnectOptions) -> std::io::Result<Box<dyn Stream>> {
    let port = to.get_port();
    match to.get_socket() {
        Some(folder) => {
            let file = folder.join(format!(".s.PGSQL.{port}"));
            Ok(Box::new(UnixStream::connect(file).await?))
        }
        None if to.get_host().starts_with('/') => {
            let file = Path::new(to.get_host()).join(format!(".s.PGSQL.{port}"));
            Ok(Box::new(UnixStream::connect(file).await?))
        }
        None => Ok(Box::new(TcpStream::connect((to.get_host(), port)).await?)),
    }
}

/// Outcome of `migrate status` over a front, with these parameters in the URL.
async fn status(db: &TestDb, front: &Front, parameters: &str) -> process::Ended {
    let options = PgConnectOptions::from_str(&db.url()).unwrap();
    let (user, database) = (options.get_username(), options.get_database().unwrap());
    let url = format!(
        "postgres://{user}@localhost:{}/{database}?{parameters}",
        front.port
    );
    process::run(&[("DATABASE_URL", &url)], &["migrate", "status"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sslmode_says_how_far_the_database_is_trusted() {
    let (db, scratch) = (TestDb::create().await, tempfile::tempdir().unwrap());
    let (ours, theirs) = (Authority::new(), Authority::new());
    let root = ours.file(scratch.path(), "root.pem");
    let other_root = theirs.file(scratch.path(), "other.pem");
    let front = Front::of(&db, ours.server("localhost")).await;
    let misnamed = Front::of(&db, ours.server("db.example.com")).await;
    let with_root = |mode: &str, root: &Path| format!("sslmode={mode}&sslrootcert={}", root.display());

    for (front, parameters) in [
        (&front, "sslmode=require".to_owned()),
        (&front, with_root("verify-ca", &root)),
        (&front, with_root("verify-full", &root)),
        (&misnamed, with_root("verify-ca", &root)),
    ] {
        let ended = status(&db, front, &parameters).await;
        assert_eq!(ended.code, 0, "{parameters}: {}", ended.stderr);
        assert!(ended.stdout.contains("applied"), "{parameters}: {}", ended.stdout);
    }
    for (front, parameters, why) in [
        (&front, with_root("verify-full", &other_root), "not to be trusted"),
        (&front, with_root("verify-ca", &other_root), "not to be trusted"),
        (&front, "sslmode=verify-full".to_owned(), "not to be trusted"),
        (
            &misnamed,
            with_root("verify-full", &root),
            "not valid for name \"localhost\"",
        ),
        (&front, "sslmode=perhaps".to_owned(), "ssl_mode"),
    ] {
        let ended = status(&db, front, &parameters).await;
        assert_eq!(ended.code, 1, "{parameters}: {}", ended.stdout);
        assert!(ended.stderr.contains(why), "{parameters}: {}", ended.stderr);
    }
}
