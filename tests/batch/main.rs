//! `leitmotif batch` as a whole: every input and output, every damage, every end.

mod damage;
mod encodings;
mod files;
mod outputs;
mod restart;
mod streams;
mod tools;
