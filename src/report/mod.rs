//! An outcome or problems, as human text and as JSON.
