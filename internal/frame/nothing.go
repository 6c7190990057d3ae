package frame

// noKey is the key of nothing. No storage has it.
var noKey Key

var nothing = Frame{first: Binding{Key: &noKey}}

// Nothing returns the frame in which nothing is found. Package registry puts it where there is no
// frame, so that Get needs no test for that. It is not to be changed, copied or handed out.
func Nothing() *Frame { return &nothing }
