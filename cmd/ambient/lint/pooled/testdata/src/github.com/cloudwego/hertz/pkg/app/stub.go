package app

type RequestContext struct{}

func (*RequestContext) GetQuery(string) (string, bool) { return "", false }
