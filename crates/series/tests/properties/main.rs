//! Every property compares with the obvious implementation: a sorted, distinct `Vec`.

mod codec;
mod folding;
mod memory;
mod naive;
mod reading;
mod strategy;
