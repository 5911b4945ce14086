//! etcd, the API server and the controllers.

mod access;
mod apiserver;
mod controllers;
mod etcd;
mod requests;

pub(crate) use access::Credentials;
pub use access::User;
pub use apiserver::ApiServer;
pub(crate) use apiserver::Cluster;
pub use controllers::Controller;
pub(crate) use controllers::{controller_manager, scheduler};
pub(crate) use etcd::Etcd;
pub use requests::ApiRequest;
