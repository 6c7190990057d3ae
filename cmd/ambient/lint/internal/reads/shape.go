package reads

import (
	"go/types"
	"strconv"
	"strings"
)

func isFunc(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// contexts are the parameters by which a handler of requests is known, apart from those of net/http.
var contexts = map[string]bool{
	"net/http.ResponseWriter":                true,
	"net/http.Request":                       true,
	"github.com/gin-gonic/gin.Context":       true,
	"github.com/labstack/echo.Context":       true,
	"github.com/gofiber/fiber.Ctx":           true,
	"github.com/valyala/fasthttp.RequestCtx": true,
}

// IsHandler reports whether t is the type of functions that handle requests.
func IsHandler(t types.Type) bool { return t != nil && isHandler(t) }

// isHandler reports whether functions of the type handle requests: whoever is given one calls it for each request.
func isHandler(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok {
		return false
	}
	for i := range sig.Params().Len() {
		if contexts[typeName(sig.Params().At(i).Type())] {
			return true
		}
	}
	return false
}

// typeName is the path and name of a named type or of what it is a pointer to, without a major version.
func typeName(t types.Type) string {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	path := LibraryPath(n.Obj().Pkg().Path())
	if i := strings.LastIndex(path, "/v"); i > 0 && i+2 < len(path) && strings.Trim(path[i+2:], "0123456789") == "" {
		path = path[:i]
	}
	return path + "." + n.Obj().Name()
}

func isStorage(t types.Type) bool { return t != nil && typeName(t) == GLS+".Storage" }

// isStd reports whether a package is of the standard library, which knows nothing of ambient state.
func isStd(pkg *types.Package) bool {
	if pkg == nil {
		return true
	}
	first, _, _ := strings.Cut(pkg.Path(), "/")
	return !strings.Contains(first, ".") && std[first]
}

// std holds the first elements of the standard library's import paths.
var std = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`archive arena bufio bytes cmp compress container context crypto database debug
		embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path
		plugin reflect regexp runtime simd slices sort strconv strings structs sync syscall testing text time unicode
		unique unsafe vendor weak`) {
		m[name] = true
	}
	return m
}()

func paramName(i int) string { return "param:" + strconv.Itoa(i) }

// substitute replaces a callee's names of its parameters by those of a call's arguments.
func substitute(sets Sets, args []string) Sets {
	var all Sets
	for _, s := range sets {
		name := argument(s, args)
		if name == "" {
			name = setGLS
		}
		all = all.with(name)
	}
	return all
}

func argument(name string, args []string) string {
	number, ok := strings.CutPrefix(name, "param:")
	if !ok {
		return name
	}
	if i, err := strconv.Atoi(number); err == nil && i < len(args) {
		return args[i]
	}
	return ""
}
