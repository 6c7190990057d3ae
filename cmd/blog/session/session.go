// Package session says who the current request is for.
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
	Slug string // in sign-in forms and cookies
	Name string
}

// LogValue is what the inspector shows.
func (t *Tenant) LogValue() slog.Value { return slog.StringValue(t.Slug) }

// A User is who is signed in.
type User struct {
	ID   uint
	Name string
}

// LogValue is what the inspector shows.
func (u *User) LogValue() slog.Value { return slog.StringValue(u.Name) }

var (
	tenant = gls.New[*Tenant]("session.tenant")
	user   = httpctx.NewKey[*User]("session.user")
)

// As calls fn for a tenant: all that it reads, writes and logs is that tenant's. Middleware calls it.
func As(t *Tenant, fn func()) {
	gls.Run(fn, tenant.With(t), glslog.With(slog.String("tenant", t.Slug)))
}

// SignIn makes u the user of the current request, and of its log lines.
func SignIn(u *User) {
	user.Set(httpctx.GetOrFail(), u)
	httpctx.AddLogAttrs(slog.String("user", u.Name))
}

// CurrentTenant returns the tenant of the current request. Outside of a request there is none, on a goroutine that a
// request has left behind too.
func CurrentTenant() (*Tenant, bool) {
	if _, ok := httpctx.Get(); !ok {
		return nil, false
	}
	return tenant.Get()
}

// CurrentUser returns the user who is signed in.
func CurrentUser() (*User, bool) { return user.Get() }
