package fiber

import "context"

type Ctx interface {
	context.Context
	Params(string) string
}
