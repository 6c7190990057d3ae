package overlay

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Mark is data in a program that was built with an overlay. It is also in stripped programs, and
// can be read on any system.
type Mark struct {
	Release  string // the Go release whose runtime was copied
	Protocol int    // the number on which the overlay's runtime and the library must agree
	Flags    string // the user's -detach and -inherit, "" for none
}

// mark returns the text of the release's mark.
func (r Release) mark() string {
	return fmt.Sprintf("ambient-overlay{%s;%d;%s}", plain(r.Version), protocol, flagsOf(r.Rules))
}

// flagsOf returns the flags that the rules come from, in the order of the rules.
func flagsOf(rules []Rule) string {
	var flags []string
	for _, f := range []struct {
		name  string
		class Class
	}{{"-detach", Nothing}, {"-inherit", Inherits}} {
		var named []string
		for _, r := range rules {
			if r.Class == f.class && r.Named != "" && !slices.Contains(named, r.Named) {
				named = append(named, r.Named)
			}
		}
		if named != nil {
			flags = append(flags, f.name+"="+strings.Join(named, ","))
		}
	}
	return strings.Join(flags, " ")
}

// The pattern matches neither its own text nor the format in mark: this program has no mark.
var markPattern = regexp.MustCompile(`ambient-overlay\{([^;{} ]{1,99});(\d{1,9});([^;{}]*)\}`)

// FindMark looks for a mark in the file of a program or of an overlay.
func FindMark(file io.Reader) (m Mark, found bool, err error) {
	const chunk, longest = 1 << 20, 1 << 16 // a mark may begin in one chunk and end in the next
	buf := make([]byte, 0, longest+chunk)
	for {
		n, err := io.ReadFull(file, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if match := markPattern.FindSubmatch(buf); match != nil {
			protocol, err := strconv.Atoi(string(match[2]))
			return Mark{string(match[1]), protocol, string(match[3])}, true, err
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return Mark{}, false, nil
		case err != nil:
			return Mark{}, false, err
		}
		buf = buf[:copy(buf, buf[max(0, len(buf)-longest):])]
	}
}

// Is reports whether the mark is of the Go release that runtime.Version names. A program of another
// release does not use the overlay.
func (m Mark) Is(version string) bool { return m.Release == plain(version) }
