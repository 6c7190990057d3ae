package reads

import (
	"go/types"
	"strconv"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// contexts holds the parameter types of functions that handle requests.
var contexts = map[string]bool{
	"net/http.ResponseWriter":                true,
	"net/http.Request":                       true,
	"github.com/gin-gonic/gin.Context":       true,
	"github.com/labstack/echo.Context":       true,
	"github.com/gofiber/fiber.Ctx":           true,
	"github.com/valyala/fasthttp.RequestCtx": true,
}

// IsHandler reports whether t is the type of a function that handles requests.
func IsHandler(t types.Type) bool { return t != nil && isHandler(t) }

// isHandler reports whether a function of the type handles requests. A server calls it for each
// request, and not the code that registers it.
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

// typeName returns the path and the name of a named type, or of the one that t points to, without a
// major version.
func typeName(t types.Type) string {
	n := known.Named(t)
	if n == nil || n.Obj().Pkg() == nil {
		return ""
	}
	return runners.PlainPath(n.Obj().Pkg()) + "." + n.Obj().Name()
}

func isStorage(t types.Type) bool { return t != nil && typeName(t) == known.GLS+".Storage" }

// isStd reports whether a package belongs to the standard library, which reads no ambient state.
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

// substitute replaces the names of a function's parameters by those of the arguments.
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
