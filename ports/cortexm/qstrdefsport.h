// Interned strings that the scan of the C sources cannot spell.
// *FORMAT-OFF*
Q(/lib)
