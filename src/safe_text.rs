//! The one sanitizer for text from outside.
