//go:build !race

package glszerolog_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszerolog"
)

func TestLinesAllocateNothing(t *testing.T) {
	l := zerolog.New(io.Discard).Hook(glszerolog.Hook())
	glslog.Run(func() {
		assert.Zero(t, testing.AllocsPerRun(100, func() { l.Info().Int("amount", 12).Msg("m") }))
	}, slog.Int("a", 1), slog.String("b", "2"), slog.Duration("d", time.Second), slog.Group("g", slog.Bool("c", true)))
}
