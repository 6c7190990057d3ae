package afterrequest

import (
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// isRouter reports whether a method's receiver routes requests: it is a handler itself, or it has a handler in a field
// and the method is called Handle.
func isRouter(t types.Type, method string) bool {
	if isHandler(t) {
		return true
	}
	named := known.Named(t)
	if named == nil || method != "Handle" {
		return false
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for field := range s.Fields() {
		if isHandler(field.Type()) {
			return true
		}
	}
	return false
}

// isHandler reports whether t or a pointer to it is an http.Handler.
func isHandler(t types.Type) bool {
	if t == nil {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "ServeHTTP")
	f, ok := obj.(*types.Func)
	return ok && known.IsHandler(f.Signature())
}

// handlesRequests reports whether a function is handed a request: it is called during it.
func handlesRequests(sig *types.Signature) bool {
	for p := range sig.Params().Variables() {
		if isRequest(p.Type()) || carriesRequest(p.Type()) {
			return true
		}
	}
	return false
}

// isRequest reports whether t is net/http's ResponseWriter or Request, or another server's type of that name.
func isRequest(t types.Type) bool {
	named := known.Named(t)
	if named == nil || known.Path(named.Obj().Pkg()) == known.HTTPCtx {
		return false
	}
	switch named.Obj().Name() {
	case "ResponseWriter":
		return known.Path(named.Obj().Pkg()) == "net/http"
	case "Request":
		return true
	}
	return false
}

// carriesRequest reports whether t has a request in a field, or a method that returns one, as the contexts of gin, echo,
// fiber and fasthttp have.
func carriesRequest(t types.Type) bool {
	named := known.Named(t)
	if named == nil {
		return false
	}
	if s, ok := named.Underlying().(*types.Struct); ok {
		for field := range s.Fields() {
			if isRequest(field.Type()) {
				return true
			}
		}
	}
	for _, name := range []string{"Request", "Req", "Writer", "ResponseWriter"} {
		obj, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
		f, ok := obj.(*types.Func)
		if !ok {
			continue
		}
		if sig := f.Signature(); sig.Params().Len() == 0 && sig.Results().Len() == 1 && isRequest(sig.Results().At(0).Type()) {
			return true
		}
	}
	return false
}

func under(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	return t.Underlying()
}
