//! etcd, the API server and the controllers.

mod access;
mod apiserver;
mod controllers;
mod etcd;
mod requests;

pub use access::User;
pub(crate) use access::{Admin, Credentials};
pub use apiserver::ApiServer;
pub(crate) use apiserver::{Cluster, SERVICE_ADDRESS};
pub use controllers::Controller;
pub(crate) use controllers::{controller_manager, scheduler};
pub(crate) use etcd::Etcd;
pub use requests::ApiRequest;
