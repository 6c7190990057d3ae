package frame

// noKey is the key of the entry in nothing. No storage has it.
var noKey Key

var nothing = Frame{first: Binding{Key: &noKey}}

// Nothing returns the frame in which every search fails. Package registry stores it in a record
// without a frame, so that Get needs no nil check. It must not be changed, copied or handed out.
func Nothing() *Frame { return &nothing }
