package main

import (
	"fmt"
	"strings"
)

// goflags splits the text of GOFLAGS as the go command does (cmd/internal/quoted): at spaces,
// except in an element that begins with a quote, which ends at the next one. There are no escapes.
// Each element is a flag, with its value after "=".
func goflags(text string) (flags []string, err error) {
	const spaces = " \t\n\r"
	for text = strings.TrimLeft(text, spaces); text != ""; text = strings.TrimLeft(text, spaces) {
		if quote := text[0]; quote == '"' || quote == '\'' {
			flag, rest, ended := strings.Cut(text[1:], string(quote))
			if !ended {
				return nil, fmt.Errorf("GOFLAGS: %c is not closed in %s", quote, text)
			}
			flags, text = append(flags, flag), rest
			continue
		}
		end := strings.IndexAny(text, spaces)
		if end < 0 {
			end = len(text)
		}
		flags, text = append(flags, text[:end]), text[end:]
	}
	return flags, nil
}

// flagIn returns the value of a flag in GOFLAGS. If the flag is there several times, the last one
// holds.
func flagIn(flags []string, name string) (value string, given bool) {
	for _, flag := range flags {
		n, v, _ := strings.Cut(strings.TrimPrefix(flag, "-"), "=")
		if strings.TrimPrefix(n, "-") == name {
			value, given = v, true
		}
	}
	return value, given
}
