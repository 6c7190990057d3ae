// Package model has the blog's tables. Its functions have no parameter for the request and find it
// by themselves.
package model

import (
	"time"

	"gorm.io/gorm"
)

// A Tenant is one of the blogs.
type Tenant struct {
	ID   uint
	Slug string `gorm:"uniqueIndex"`
	Name string
}

// SharedByTenants marks a model that requests may read before they have a tenant.
func (Tenant) SharedByTenants() {}

// A User writes and likes posts.
type User struct {
	ID       uint
	TenantID uint   `gorm:"uniqueIndex:user_name"`
	Name     string `gorm:"uniqueIndex:user_name"`
}

// A Post is an article.
type Post struct {
	ID        uint
	TenantID  uint `gorm:"index:newest,priority:1"`
	AuthorID  uint
	Author    User `gorm:"constraint:OnDelete:CASCADE"`
	Title     string
	Body      string
	Likes     int
	CreatedAt time.Time `gorm:"index:newest,priority:2"`
}

// A Tag is a word in a post that begins with #.
type Tag struct {
	ID       uint
	TenantID uint   `gorm:"index:tagged"`
	Name     string `gorm:"index:tagged"`
	PostID   uint
}

// An Announcement is a post's entry in the outbox: it exists if and only if the post does. A
// request makes at most one, so that a request that is sent twice publishes once.
type Announcement struct {
	ID        uint
	TenantID  uint `gorm:"uniqueIndex:one_request"`
	Text      string
	RequestID string `gorm:"uniqueIndex:one_request"`
	CreatedAt time.Time
}

// A Like says that a user likes a post.
type Like struct {
	ID       uint
	TenantID uint
	PostID   uint `gorm:"uniqueIndex:one_like"`
	UserID   uint `gorm:"uniqueIndex:one_like"`
}

// A Notice tells a tenant's users about an event.
type Notice struct {
	ID        uint
	TenantID  uint `gorm:"index"`
	Text      string
	RequestID string // of the request that caused the event
	CreatedAt time.Time
}

// Prepare returns a function that makes the tables and, with seed, the first rows if there are
// none.
func Prepare(seed bool) func(*gorm.DB) error {
	return func(db *gorm.DB) error {
		if err := db.AutoMigrate(Tenant{}, User{}, Post{}, Tag{}, Announcement{}, Like{}, Notice{}); err != nil {
			return err
		}
		var tenants int64
		if err := db.Model(&Tenant{}).Count(&tenants).Error; err != nil || tenants > 0 || !seed {
			return err
		}
		return db.Transaction(seedRows)
	}
}

// seeds has the tenants, users and posts of a new database. Posts name their tenant, for tests that
// check pages.
var seeds = []struct {
	slug, name string
	users      []string
	posts      [][2]string
}{
	{"north", "Northern Notes", []string{"ada", "bob"}, [][2]string{
		{"Fog on the quay", "Nobody at north saw the ferry before it blew its horn. The gulls did."},
		{"A stove for the workshop", "The north wall of the workshop is dry at last. Bring wood, and a chair to sit on."},
		{"What the tide table leaves out", "Wind adds half an hour. At north everybody knows, and nobody has written it down."},
		{"Learning to splice", "Three strands, four tucks, and the patience of north in February."},
	}},
	{"south", "Southern Letters", []string{"cyd", "dan"}, [][2]string{
		{"Figs, before the wasps", "Pick them at six. By seven the south terrace belongs to somebody else."},
		{"The bus that comes at ten past", "It has come at ten past since the south road was paved. The timetable says ten to."},
		{"Shutters", "Close them at eleven, open them at five: that is all there is to a south house in August."},
		{"A letter from the well", "The south well has water again, and an opinion on buckets."},
	}},
}

func seedRows(db *gorm.DB) error {
	at := time.Now().Add(-8 * time.Hour)
	for _, s := range seeds {
		tenant := Tenant{Slug: s.slug, Name: s.name}
		if err := db.Create(&tenant).Error; err != nil {
			return err
		}
		var users []User
		for _, name := range s.users {
			users = append(users, User{TenantID: tenant.ID, Name: name})
		}
		if err := db.Create(&users).Error; err != nil {
			return err
		}
		for i, p := range s.posts {
			at = at.Add(time.Hour)
			author := users[i%len(users)]
			post := Post{TenantID: tenant.ID, AuthorID: author.ID, Title: p[0], Body: p[1], CreatedAt: at}
			if err := db.Omit("Author").Create(&post).Error; err != nil {
				return err
			}
		}
	}
	return nil
}
