package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRun(t *testing.T) {
	before := slog.Default()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 0, run(nil, nil, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "The user id is 1\n")
	assert.Empty(t, stderr.String())
	for id, likes := range map[int]string{1: "liked", 2: `"not liked"`, 3: "liked"} {
		assert.Contains(t, stdout.String(), fmt.Sprintf("level=INFO msg=%s post=7 request_id=visit-%d method=GET path=/posts/7 "+
			`pattern="GET /posts/{id}" user=%d`, likes, id, id))
	}
	assert.Same(t, before, slog.Default())
}

func TestHelpGoesToStdout(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 0, run([]string{"-h"}, nil, &stdout, &stderr))
	assert.Equal(t, usage, stdout.String())
	assert.Empty(t, stderr.String())
}

func TestWrongUse(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an argument":     {[]string{"now"}, `quickstart: unexpected argument "now": run it without arguments, or with -h for help` + "\n"},
		"an unknown flag": {[]string{"-x"}, "quickstart: flag provided but not defined: -x: run it without arguments, or with -h for help\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, 2, run(c.args, nil, &stdout, &stderr))
			assert.Equal(t, c.want, stderr.String())
			assert.Empty(t, stdout.String())
		})
	}
}
