//! Prints the generated part of `docs/compatibility.md`; `cargo xtask docs` puts it there.

fn main() {
    print!("{}", fettle_server::compatibility::markdown());
}
