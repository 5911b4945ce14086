//! The addresses of one node: a link to this machine, and a subnet of pods behind it.

use std::net::Ipv4Addr;

use anyhow::Result;

use crate::ports::{FIRST, Port};

/// Addresses that no other lab uses. They follow from the number of a reserved port.
pub(crate) struct Subnet {
    reservation: Port,
}

impl Subnet {
    pub(crate) fn reserve() -> Result<Self> {
        Ok(Self {
            reservation: Port::reserve()?,
        })
    }

    /// This machine's end of the link: by it pods reach what runs here.
    pub(crate) fn host(&self) -> Ipv4Addr {
        self.link_address(1)
    }

    /// The node's end.
    pub(super) fn node(&self) -> Ipv4Addr {
        self.link_address(2)
    }

    /// The pods', as `ADDRESS/BITS`.
    pub(super) fn pods(&self) -> String {
        let [high, low] = self.index().to_be_bytes();
        format!("10.{}.{low}.0/24", 201 + high)
    }

    /// The name of this machine's end of the link.
    pub(super) fn link(&self) -> String {
        format!("swlab{}", self.index())
    }

    /// Below 10,000, as there are that many ports to reserve.
    fn index(&self) -> u16 {
        self.reservation.number() - FIRST
    }

    fn link_address(&self, end: u8) -> Ipv4Addr {
        let [high, low] = (self.index() * 4).to_be_bytes();
        Ipv4Addr::new(10, 200, high, low + end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_share_no_address() {
        let (one, two) = (Subnet::reserve().unwrap(), Subnet::reserve().unwrap());
        assert_ne!(one.pods(), two.pods());
        assert_ne!(one.link(), two.link());
        // Both ends of a link are in one network of four addresses, and the two links are not.
        let network = |address: Ipv4Addr| address.to_bits() >> 2;
        assert_eq!(network(one.host()), network(one.node()));
        assert_ne!(network(one.host()), network(two.host()));
        // Names of links have at most 15 characters.
        assert!(one.link().len() <= 15);
    }
}
