// Package session knows the tenant and the user of the current request.
package session

import (
	"log/slog"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// A Tenant is one of the blogs that the program serves.
type Tenant struct {
	ID   uint
	Slug string // names the tenant in sign-in forms and cookies
	Name string
}

// LogValue returns the text that the inspector and log lines show.
func (t *Tenant) LogValue() slog.Value { return slog.StringValue(t.Slug) }

// A User is a signed-in user.
type User struct {
	ID   uint
	Name string
}

// LogValue returns the text that the inspector and log lines show.
func (u *User) LogValue() slog.Value { return slog.StringValue(u.Name) }

var (
	tenant = gls.New[*Tenant]("session.tenant")
	user   = httpctx.NewKey[*User]("session.user")
)

// As calls fn for a tenant: fn reads, writes and logs for that tenant alone. Middleware calls it.
func As(t *Tenant, fn func()) {
	gls.Run(fn, tenant.With(t), glslog.With(slog.String("tenant", t.Slug)))
}

// SignIn makes u the user of the current request and adds u to the request's log lines.
func SignIn(u *User) {
	user.Set(httpctx.GetOrFail(), u)
	httpctx.AddLogAttrs(slog.String("user", u.Name))
}

// CurrentTenant returns the tenant of the current request. There is none outside of a request, and
// none on a goroutine that outlives its request.
func CurrentTenant() (*Tenant, bool) {
	if _, ok := httpctx.Get(); !ok {
		return nil, false
	}
	return tenant.Get()
}

// CurrentUser returns the signed-in user.
func CurrentUser() (*User, bool) { return user.Get() }
