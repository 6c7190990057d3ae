package fasthttp

type RequestCtx struct{ Request Request }

type Request struct{ Header RequestHeader }

type RequestHeader struct{}

func (*RequestHeader) Peek(string) []byte { return nil }
