// Package tlog proves that a record stands in a transparency log. It is pure:
// bytes and keys come in, an answer goes out; it touches no file, clock or
// network. Everything in it may be called concurrently, but for Append on one
// Range.
//
// # From a record to a trusted key
//
//	record ──LeafHash──▶ leaf ──VerifyInclusion──▶ root ──OpenCheckpoint──▶ log and witness keys
//
// A [Proof] carries the whole way in one file, and its Verify walks it. Two
// checkpoints of one log are joined by [VerifyConsistency]. A [Tile] names a piece
// of the tree as a mirror stores it; [TileNodes] with [InclusionProof] turns
// tiles into proofs, which count for something only once they are verified
// against a checkpoint.
//
// # Specifications
//
//   - RFC 6962 §2.1 and RFC 9162 §2.1: leaf and node hashes, inclusion and
//     consistency proofs, with SHA-256.
//   - C2SP signed-note: notes, key names, key IDs, verifier keys ("vkeys") of the
//     signature types 0x01 (Ed25519) and 0x02 (ECDSA, as Rekor signs).
//   - C2SP tlog-checkpoint, tlog-cosignature (type 0x04, Ed25519), tlog-tiles,
//     tlog-proof.
//
// # Strictness
//
// Each text has one form: what a parser accepts, Marshal, String or Path writes
// back to the byte. So base64 is canonical, a decimal has no sign and no
// leading zero, hex is lower case, and a line ends in "\n" alone. The one part of
// a note that proves nothing is a signature line by a key that was not given;
// the specification has it skipped, and [Note] counts it.
package tlog
