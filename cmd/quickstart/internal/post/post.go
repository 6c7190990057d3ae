// Package post is a model. Its methods find the signed-in user by themselves.
package post

import (
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/session"
)

// A Post has users who like it.
type Post struct {
	ID      string
	LikedBy []int
}

// IsLiked reports whether the signed-in user likes the post.
func (p Post) IsLiked() bool {
	user := session.User()
	if !slices.Contains(p.LikedBy, user.ID) {
		note("not liked", p)
		return false
	}
	note("liked", p)
	return true
}

// note has neither a context nor a request as a parameter, yet its log line has the request id.
func note(message string, p Post) {
	slog.Info(message, "post", p.ID)
}
