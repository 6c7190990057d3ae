//go:build (386 || arm) && gc

#include "textflag.h"

// MOVP moves a pointer.
#ifdef GOARCH_386
#define MOVP MOVL
#else
#define MOVP MOVW
#endif

// func getg() unsafe.Pointer
TEXT ·getg(SB), NOSPLIT, $0-4
#ifdef GOARCH_386
	MOVP (TLS), AX
	MOVP AX, ret+0(FP)
#else
	MOVP g, ret+0(FP)
#endif
	RET
