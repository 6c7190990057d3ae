package pooled

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// lenders holds methods whose results are in a request's memory, by package. Methods of other names return constants,
// routes, or what the program has set.
var lenders = map[string][]string{
	"github.com/gofiber/fiber": {
		"BaseURL", "Body", "BodyRaw", "Cookies", "FormValue", "Get", "Host", "Hostname", "OriginalURL", "Params", "Path", "Query",
		"Referer", "UserAgent",
	},
	"github.com/valyala/fasthttp": {
		"FormValue", "Host", "Path", "Peek", "PostBody", "Referer", "RequestURI", "URI", "UserAgent",
	},
	"github.com/cloudwego/hertz/pkg/app": {
		"Cookie", "DefaultPostForm", "DefaultQuery", "FormValue", "GetHeader", "GetPostForm", "GetQuery", "Host", "Param", "Path",
		"PostForm", "Query", "UserAgent",
	},
}

// keeping holds functions whose result is a part of their argument.
var keeping = []string{
	"TrimSpace", "Trim", "TrimLeft", "TrimRight", "TrimPrefix", "TrimSuffix", "ToLower", "ToUpper", "Cut", "CutPrefix", "CutSuffix",
}

// memory returns the call whose result, in memory that its framework uses again, a value is, a part of, or has in it; nil
// for other values. A concatenation and a conversion between strings and bytes are copies.
func (c *checker) memory(e ast.Expr, depth int) ast.Expr {
	if depth > 8 {
		return nil
	}
	e = ast.Unparen(e)
	if v := known.Var(c.pass.TypesInfo, e); v != nil {
		if as := c.assigned[v]; !known.Global(v) && len(as) == 1 && as[0].Value != nil && as[0].Index <= 0 {
			return c.memory(as[0].Value, depth+1)
		}
		return nil
	}
	switch e := e.(type) {
	case *ast.UnaryExpr:
		return c.memory(e.X, depth+1)
	case *ast.SliceExpr:
		return c.memory(e.X, depth+1)
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value
			}
			if m := c.memory(elt, depth+1); m != nil {
				return m
			}
		}
	case *ast.CallExpr:
		f := known.Callee(c.pass.TypesInfo, e)
		switch {
		case c.pass.TypesInfo.Types[e.Fun].IsType():
			if len(e.Args) == 1 && isString(c.typeOf(e)) == isString(c.typeOf(e.Args[0])) {
				return c.memory(e.Args[0], depth+1)
			}
		case f == nil:
		case known.Path(f.Pkg()) == "strings" && slices.Contains(keeping, f.Name()) && len(e.Args) > 0:
			return c.memory(e.Args[0], depth+1)
		case f.Signature().Recv() != nil && slices.Contains(lenders[runners.PlainPath(f.Pkg())], f.Name()):
			if t := f.Signature().Results(); t.Len() > 0 && (isString(t.At(0).Type()) || isBytes(t.At(0).Type())) {
				return e
			}
		}
	}
	return nil
}

func (c *checker) typeOf(e ast.Expr) types.Type { return c.pass.TypesInfo.TypeOf(e) }

func isString(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	return ok && types.Identical(s.Elem(), types.Typ[types.Byte])
}
