//! Bridge from core to JavaScript.
