//go:build (amd64 || arm64 || s390x) && gc

#include "textflag.h"

// MOVP moves a pointer.
#ifdef GOARCH_amd64
#define MOVP MOVQ
#else
#define MOVP MOVD
#endif

// func getg() unsafe.Pointer
TEXT ·getg(SB), NOSPLIT, $0-8
#ifdef GOARCH_amd64
	MOVP (TLS), AX
	MOVP AX, ret+0(FP)
#else
	MOVP g, ret+0(FP)
#endif
	RET
