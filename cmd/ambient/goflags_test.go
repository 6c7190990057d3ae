package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoflagsAreReadAsTheGoCommandDoes(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		" \t\r\n":                           nil,
		"-v":                                {"-v"},
		" -v\t--race\n":                     {"-v", "--race"},
		`'-overlay=/my files/o.json' -v`:    {"-overlay=/my files/o.json", "-v"},
		`"-overlay=/it's/o.json"`:           {"-overlay=/it's/o.json"},
		`-ldflags='-s -w'`:                  {"-ldflags='-s", "-w'"}, // quotes inside do not count
		`'-ldflags=-s -w'"-v"`:              {"-ldflags=-s -w", "-v"},
		`'-ldflags=-X "a=b"'`:               {`-ldflags=-X "a=b"`},
		`'-overlay=C:\Users\me\o.json'  -v`: {`-overlay=C:\Users\me\o.json`, "-v"},
	} {
		flags, err := goflags(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, flags, text)
	}
	for _, text := range []string{"'-v", `-v "-race`, `"`} {
		_, err := goflags(text)
		assert.ErrorContains(t, err, "is not closed in", text)
	}
}

func TestLastOfGoflagsHolds(t *testing.T) {
	flags := []string{"-v", "-overlay=a", "-overlayed=c", "--overlay=b=c"}
	value, given := flagIn(flags, "overlay")
	assert.Equal(t, "b=c", value)
	assert.True(t, given)
	_, given = flagIn(flags, "v")
	assert.True(t, given)
	_, given = flagIn(flags, "cover")
	assert.False(t, given)
}
