//go:build gc

#include "textflag.h"

// func CallerPC() uintptr
TEXT ·CallerPC(SB), NOSPLIT, $0-8
	MOVD 8(R29), R0 // behind the frame pointer that the caller saved
	MOVD R0, ret+0(FP)
	RET
