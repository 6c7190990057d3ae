package goroutine

var (
	Trustworthy = trustworthy
	SlowID      = slowID
	ParseID     = parseID
	ParseOrigin = parseOrigin
	ParseLive   = parseLive
	ParseTraces = parseTraces
)
