package afterrequest

import (
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// isRouter reports whether a value with the method is a router: it is a handler, or the method is
// Handle and the value has a handler in a field.
func isRouter(t types.Type, method string) bool {
	if known.ServesHTTP(t) {
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
		if known.ServesHTTP(field.Type()) {
			return true
		}
	}
	return false
}

// handlesRequests reports whether a function has a request among its parameters, so that it runs
// during that request.
func handlesRequests(sig *types.Signature) bool {
	for p := range sig.Params().Variables() {
		if isRequest(p.Type()) || carriesRequest(p.Type()) {
			return true
		}
	}
	return false
}

// isRequest reports whether t is http.ResponseWriter, http.Request, or another server's type with
// the name Request.
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

// carriesRequest reports whether t has a request in a field or returns one from a method, as the
// contexts of gin, echo, fiber and fasthttp do.
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
