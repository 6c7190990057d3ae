package goroutine

var (
	Trustworthy  = trustworthy
	SlowID       = slowID
	ParseID      = parseID
	ParseOrigin  = parseOrigin
	ParseLineage = parseLineage
	ParseLive    = parseLive
	ParseTraces  = parseTraces
	ParseTrace   = parseTrace

	ExitedByText = exitedByText
	Hidden       = hidden
)

// ReadsFast reports whether ID reads the fast way by now.
func ReadsFast() bool { return fast.Load() }
