//go:build gc

#include "textflag.h"

// func callerPC() uintptr
TEXT ·callerPC(SB), NOSPLIT, $0-8
	MOVQ 8(BP), AX // behind the frame pointer that the caller saved
	MOVQ AX, ret+0(FP)
	RET
