package glszap_test

import (
	"bytes"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encoder writes the message and the fields.
func encoder() zapcore.Encoder {
	return zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		MessageKey: "message", EncodeDuration: zapcore.StringDurationEncoder, EncodeTime: zapcore.RFC3339TimeEncoder,
	})
}

func base(out io.Writer) zapcore.Core {
	return zapcore.NewCore(encoder(), zapcore.AddSync(out), zap.InfoLevel)
}

// taken returns what is in out, and empties it.
func taken(out *bytes.Buffer) string {
	defer out.Reset()
	return out.String()
}

func panicOf(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}
