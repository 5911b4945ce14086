//! Where servers listen, and by which address others reach this machine.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// The network as the servers of one lab see it.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// What servers bind to.
    pub(crate) listen: Ipv4Addr,
    /// This machine, for pods and for objects that refuse loopback addresses.
    pub(crate) host: IpAddr,
}

impl Reach {
    /// Without pods: nobody but this machine may connect.
    pub(crate) fn local() -> Self {
        // The API server insists on an address that is not loopback, even where nothing will ever use it.
        let documentation = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        Self {
            listen: Ipv4Addr::LOCALHOST,
            host: routed_address().unwrap_or(documentation),
        }
    }

    /// With pods, to whom this machine is `host`.
    pub(crate) fn from_pods(host: Ipv4Addr) -> Self {
        Self {
            listen: Ipv4Addr::UNSPECIFIED,
            host: host.into(),
        }
    }

    /// `ADDRESS:PORT` to bind to.
    pub(crate) fn bind(self, port: &crate::ports::Port) -> String {
        format!("{}:{}", self.listen, port.number())
    }
}

/// The address of the interface with the default route; no packet is sent.
fn routed_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
