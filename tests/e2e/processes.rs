//! Programs that skills run: granted word by word, pinned, confined, and gone afterwards.
//!
//! What a child tries is tried at both levels, and for root and an ordinary user where the tests run as root.

mod confinement;
mod git;
mod grants;
mod limits;
mod world;
