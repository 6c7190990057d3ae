package overlay

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Class says with which frame a go statement or a timer starts its goroutine.
type Class string

// The classes in source/std.txt.
const (
	Inherits Class = "inherits" // the frame of its creator
	During   Class = "during"   // the same, until the scope that it inherited from ends
	Caller   Class = "caller"   // the frame that a go statement in the function's caller would give
	Nothing  Class = "nothing"  // none
)

// A Rule gives a class to the go statements of a function or of a package.
type Rule struct {
	Class    Class
	Reason   string
	Function string // as symbols name it, with the package; "" in a rule for a package
	Package  string // the package's path; "" in a rule for a function
	Tree     bool   // the rule holds for the packages below Package, too
	Named    string // as the user wrote it; "" in a built-in rule

	// Starts is, in a rule for the standard library, "go" or the function that starts a timer, such
	// as "time.AfterFunc". Counts has the number of such statements and calls in the function, for
	// each number that a release has.
	Starts string
	Counts []int
}

//go:embed source/std.txt
var stdText string

//go:embed source/modules.txt
var modulesText string

// Std returns the rules for all go statements and timers of the standard library.
func Std() []Rule {
	return parseRules(stdText, func(r *Rule, words []string) {
		r.Starts, r.Function = words[0], words[1]
		for count := range strings.SplitSeq(words[2], ",") {
			n := 0
			fmt.Sscan(count, &n)
			r.Counts = append(r.Counts, n)
		}
	})
}

// Modules returns the rules for modules other than the main one and those of its workspace.
func Modules() []Rule {
	return parseRules(modulesText, func(r *Rule, words []string) {
		if words[0] == "package" {
			r.Package = words[1]
		} else {
			r.Function = words[0]
		}
	})
}

func parseRules(text string, line func(*Rule, []string)) (rules []Rule) {
	var section Rule
	for l := range strings.Lines(text) {
		switch l = strings.TrimSuffix(l, "\n"); {
		case l == "", l[0] == '#':
		case l[0] == '\t':
			r := section
			line(&r, strings.Fields(l))
			rules = append(rules, r)
		default:
			class, reason, _ := strings.Cut(l, ": ")
			section = Rule{Class: Class(class), Reason: reason}
		}
	}
	return rules
}

// Patterns returns rules for the names that a user gives, separated by commas: packages
// ("example.com/pool", "example.com/pool/..."), functions ("example.com/pool.Start") and methods
// ("example.com/pool.Pool.Submit", "example.com/pool.(*Pool).Submit"), without type parameters.
func Patterns(list string, class Class) (rules []Rule, err error) {
	for p := range strings.SplitSeq(list, ",") {
		p = strings.TrimSpace(p)
		r := Rule{Class: class, Reason: "named on the command line", Named: p}
		if path, ok := strings.CutSuffix(p, "/..."); ok {
			r.Package, r.Tree = path, true
			p = path
		} else {
			r.Package = p
		}
		if p == "" || strings.HasPrefix(p, "-") || strings.HasPrefix(p, ".") || strings.ContainsAny(p, "{;}") ||
			strings.ContainsFunc(p, unicode.IsSpace) {
			return nil, fmt.Errorf("%q names no package and no function: write them as in example.com/pool, "+
				"example.com/pool/... or example.com/pool.Pool.Submit", p)
		}
		rules = append(rules, r)
		if r.Tree {
			continue
		}
		// A dot in the last element separates a package and a function, or is part of the package's
		// name.
		r.Package = ""
		for at := strings.LastIndex(p, "/") + 1; at < len(p); at++ {
			if p[at] == '(' {
				break
			}
			if p[at] != '.' {
				continue
			}
			pkg, name := p[:at], p[at:]
			r.Function = symbol(pkg) + name
			rules = append(rules, r)
			if typ, method, ok := strings.Cut(name[1:], "."); ok && !strings.HasPrefix(typ, "(") {
				r.Function = symbol(pkg) + ".(*" + typ + ")." + method
				rules = append(rules, r)
			}
		}
	}
	return rules, nil
}

// symbol writes a package's path as symbols do (cmd/internal/objabi, PathToPrefix).
func symbol(path string) string {
	slash := strings.LastIndex(path, "/")
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '.' && i > slash, c <= ' ', c == '%', c == '"', c >= 0x7f:
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// literals returns rules as elements of the array ambientRules in source/runtime.go.txt. If several
// rules name a function, the first holds.
func literals(rules []Rule) string {
	classes := map[Class]string{Inherits: "ambientYes", During: "ambientDuring", Caller: "ambientAsCaller", Nothing: "ambientNothing"}
	var b strings.Builder
	for _, r := range rules {
		text, kind := r.Function, "ambientFunction"
		switch {
		case r.Tree:
			text, kind = r.Package, "ambientTree"
		case r.Package != "":
			text, kind = r.Package, "ambientPackage"
		}
		fmt.Fprintf(&b, "\t{%q, %s, %s},\n", text, kind, classes[r.Class])
	}
	return b.String()
}

// effective returns the rules of a build, the user's first. Functions of the class Nothing need no
// rule.
func effective(users []Rule) []Rule {
	rules := append([]Rule{}, users...)
	for _, r := range append(Std(), Modules()...) {
		if r.Class != Nothing {
			rules = append(rules, r)
		}
	}
	// runtime.synctestRun starts a bubble's first goroutine on behalf of its caller. That goroutine
	// starts the test, in a function whose symbol has the name that a go:linkname gives it.
	for _, name := range []string{"testing/synctest.Test", "testing/synctest.testingSynctestTest"} {
		rules = append(rules, Rule{Class: Inherits, Function: name})
	}
	// A debugger's call of a function runs on a goroutine that runtime.debugCallWrap starts, for
	// the one that it stopped.
	rules = append(rules, Rule{Class: Inherits, Function: "runtime.debugCallV2"})
	// The functions that the overlay adds or changes run functions for their callers.
	for _, name := range []string{
		"time.AfterFunc", "time.ambientTimer", "time.ambientBind",
		"context.AfterFunc", "context.ambientFunc", "context.ambientBind",
	} {
		rules = append(rules, Rule{Class: Caller, Function: name})
	}
	return rules
}

// Decide returns the class of a statement or call that starts a goroutine or a timer, with the
// reason, as a program decides that was built with the user's rules. own says that the package
// belongs to the main module or to its workspace. A timer has the class of a go statement in its
// place.
func Decide(users []Rule, own bool, pkg string, s Start) Rule {
	for _, r := range append(slices.Clone(users), append(Std(), Modules()...)...) {
		if (r.holds(pkg, s.Function) || r.holdsMain(pkg, s.Function)) && (r.Starts == "" || r.Starts == s.Starts) {
			return r
		}
	}
	if own {
		return Rule{Class: Inherits, Reason: "It is a statement of the main module, or of one of its workspace."}
	}
	return Rule{Class: Nothing, Reason: "It may serve others."}
}

// holdsMain is holds for a function of package main that the rule names by its import path.
func (r Rule) holdsMain(pkg, function string) bool {
	rest, ok := strings.CutPrefix(function, "main.")
	return ok && r.holds(pkg, symbol(pkg)+"."+rest)
}

// holds reports whether the rule holds for a function of a package.
func (r Rule) holds(pkg, function string) bool {
	if r.Function != "" {
		rest, ok := strings.CutPrefix(function, r.Function)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	if r.Package == "main" && strings.HasPrefix(function, "main.") {
		return true
	}
	rest, ok := strings.CutPrefix(pkg, r.Package)
	return ok && (rest == "" || r.Tree && rest[0] == '/')
}
