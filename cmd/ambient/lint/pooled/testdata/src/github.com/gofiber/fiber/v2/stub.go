package fiber

type Ctx struct{}

func (*Ctx) Query(string, ...string) string { return "" }
func (*Ctx) Get(string, ...string) string   { return "" }
func (*Ctx) Body() []byte                   { return nil }
func (*Ctx) Locals(any, ...any) any         { return nil }
