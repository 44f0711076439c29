//! Pod Security: what our engine says and what a judge says, row by row.

pub mod judge;
pub mod policy;
pub mod row;
pub mod server;
pub mod table;
