//go:build gc

#include "textflag.h"

// func CallerPC() uintptr
TEXT ·CallerPC(SB), NOSPLIT, $0-8
	MOVQ 8(BP), AX // behind the frame pointer that the caller saved
	MOVQ AX, ret+0(FP)
	RET
