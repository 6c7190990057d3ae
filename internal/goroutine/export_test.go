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
